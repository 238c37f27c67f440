#include "kube/conformance/table.hpp"

#include <fmt/format.h>

namespace vedette::kube::conformance {
namespace {

Async<void> create_many(Subject& s, std::string_view names) {
    for (char const name : names) {
        auto const made = co_await s.create(secrets, secret(std::string(1, name)));
        s.succeeded("create", made);
    }
}

Async<void> labelled(Subject& s) {
    co_await s.create(secrets, secret("a", "MQ==", R"({"app":"web","tier":"front"})"));
    co_await s.create(secrets, secret("b", "MQ==", R"({"app":"db"})"));
    co_await s.create(secrets, secret("c", "MQ==", R"({"tier":"front"})"));
    co_await s.create(secrets, secret("d"));
}

Async<void> order(Subject& s) {
    co_await create_many(s, "cab");
    auto const list = co_await s.list(secrets);
    s.same("names", list.names(), "a b c");
    s.same("kind", list.at("kind"), "SecretList");
    s.same("apiVersion", list.at("apiVersion"), "v1");
    s.is("it has a version", !list.at("metadata.resourceVersion").empty());
}

Async<void> items_are_bare(Subject& s) {
    co_await create_many(s, "a");
    auto const list = co_await s.list(secrets);
    auto const& item = list.body.at("items").at(0).as_object();
    s.is("an item has no kind", !item.contains("kind") && !item.contains("apiVersion"));
}

Async<void> empty_list(Subject& s) {
    auto const list = co_await s.list(secrets);
    s.same("items", list.at("items"), "[]");
    s.is("it has a version", !list.at("metadata.resourceVersion").empty());
}

Async<void> label_selectors(Subject& s) {
    co_await labelled(s);
    co_await s.create(secrets, secret("e", "MQ==", R"({"size":"5"})"));
    struct Row {
        char const* selector;
        char const* names;
    };
    for (auto const& row : {
             Row{"app=web", "a"},
             Row{"app==db", "b"},
             Row{"app!=web", "b c d e"},
             Row{"app in (web,db)", "a b"},
             Row{"app in (web, none),tier=front", "a"},
             Row{"app notin (web)", "b c d e"},
             Row{"app", "a b"},
             Row{"!app", "c d e"},
             Row{"!app,tier", "c"},
             Row{"app=web,app=db", ""},
             Row{"app in ()", ""},
             Row{"app in (,web)", "a"},
             Row{"app notin (db,)", "a c d e"},
             Row{"in notin (in)", "a b c d e"},
             Row{"size>4", "e"},
             Row{"size < 6,size>0", "e"},
             Row{"size<5", ""},
             Row{"app>1", ""},
         }) {
        auto const list = co_await s.list(secrets, {.label_selector = row.selector});
        s.same(row.selector, list.names(), row.names);
    }
}

Async<void> bad_label_selectors(Subject& s) {
    struct Row {
        char const* selector;
        char const* message;
    };
    for (auto const& row : {
             Row{"app in web", "unable to parse requirement: found 'web' expected: '('"},
             Row{"app in (web", "unable to parse requirement: found '', expected: ',' or ')'"},
             Row{"=web", "found '=', expected: !, identifier, or 'end of string'"},
             Row{"app,", "found '', expected: identifier after ','"},
             Row{"!", "unable to parse requirement: found '', expected: identifier"},
             Row{"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
             Row{"app=web=x", "found '=', expected: ',' or 'end of string'"},
             Row{"app,,web", "found ',', expected: identifier after ','"},
             Row{"!app=web", "found '=', expected: ',' or 'end of string'"},
             Row{"app=(web)", "unable to parse requirement: found '(', expected: identifier"},
             Row{"app in", "unable to parse requirement: found '' expected: '('"},
             Row{"app in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"},
             Row{"app in (web db)", "unable to parse requirement: found 'db', expected: ',' or ')'"},
             Row{"app in (web,(", "unable to parse requirement: found '(', expected: ',', or identifier"},
             Row{"app<web",
                 "unable to parse requirement: values[0]: Invalid value: \"web\": for 'Gt', 'Lt' operators, "
                 "the value must be an integer"},
             Row{"app=-",
                 "unable to parse requirement: values[0][app]: Invalid value: \"-\": a valid label must be an "
                 "empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
                 "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
                 "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"},
             Row{"app<-",
                 "unable to parse requirement: [values[0]: Invalid value: \"-\": for 'Gt', 'Lt' operators, the "
                 "value must be an integer, values[0][app]: Invalid value: \"-\": a valid label must be an "
                 "empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
                 "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
                 "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]"},
             Row{"-app",
                 "unable to parse requirement: <nil>: Invalid value: \"-app\": name part must consist of "
                 "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
                 "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
                 "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"},
             Row{"a/b/c",
                 "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key must consist "
                 "of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
                 "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
                 "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' "
                 "(e.g. 'example.com/MyName')"},
             Row{"A/",
                 "unable to parse requirement: <nil>: Invalid value: \"A/\": prefix part a lowercase RFC 1123 "
                 "subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
                 "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
                 "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'); name part must be "
                 "non-empty; name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
                 "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
                 "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"},
         }) {
        auto const list = co_await s.list(secrets, {.label_selector = row.selector});
        s.refused(row.selector, list, 400, "BadRequest", row.message);
    }
}

Async<void> field_selectors(Subject& s) {
    co_await create_many(s, "ab");
    struct Row {
        std::string selector;
        char const* names;
    };
    for (auto const& row : {
             Row{"metadata.name=a", "a"},
             Row{"metadata.name!=a", "b"},
             Row{"metadata.namespace=" + s.ns(), "a b"},
             Row{"type=Opaque", "a b"},
             Row{"type!=Opaque", ""},
             Row{"type=Opaque,metadata.name=b", "b"},
         }) {
        auto const list = co_await s.list(secrets, {.field_selector = row.selector});
        s.same(row.selector, list.names(), row.names);
    }
}

Async<void> event_fields(Subject& s) {
    Resource const events{"", "v1", "events", "Event", true};
    for (std::string const name : {"a", "b"}) {
        auto const made = co_await s.create(
            events, object(fmt::format(R"({{"apiVersion":"v1","kind":"Event","metadata":{{"name":"{}"}},)"
                                       R"("involvedObject":{{"kind":"Pod","namespace":"{}","name":"pod-{}"}},)"
                                       R"("reason":"Because","type":"Warning","source":{{"component":"us"}}}})",
                                       name, s.ns(), name)));
        s.succeeded("create", made);
    }
    struct Row {
        char const* selector;
        char const* names;
    };
    for (auto const& row : {
             Row{"involvedObject.name=pod-a", "a"},
             Row{"involvedObject.kind=Pod,involvedObject.name=pod-b", "b"},
             Row{"type=Warning,reason=Because", "a b"},
             Row{"type!=Warning", ""},
             Row{"source=us", "a b"},
             Row{"reportingComponent=us", ""},
         }) {
        auto const list = co_await s.list(events, {.field_selector = row.selector});
        s.same(row.selector, list.names(), row.names);
    }
}

Async<void> unknown_field(Subject& s) {
    auto const list = co_await s.list(secrets, {.field_selector = "data.k=x"});
    s.refused("secrets", list, 400, "BadRequest", "field label not supported: data.k");
    auto const other = co_await s.list(leases, {.field_selector = "spec.holderIdentity=me"});
    s.refused("leases", other, 400, "BadRequest",
              "\"spec.holderIdentity\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
}

Async<void> bad_field_selectors(Subject& s) {
    struct Row {
        char const* selector;
        char const* message;
    };
    for (auto const& row : {
             Row{"name", "invalid selector: 'name'; can't understand 'name'"},
             Row{"metadata.name=a=b", "invalid field selector: unescaped character in value: 61"},
         }) {
        auto const list = co_await s.list(secrets, {.field_selector = row.selector});
        s.refused(row.selector, list, 400, "BadRequest", row.message);
    }
}

Async<void> pages(Subject& s) {
    co_await create_many(s, "abcde");
    auto const first = co_await s.list(secrets, {.limit = 2});
    s.same("first page", first.names(), "a b");
    s.same("remaining", first.at("metadata.remainingItemCount"), "3");
    auto const second = co_await s.list(secrets, {.limit = 2, .continue_token = first.at("metadata.continue")});
    s.same("second page", second.names(), "c d");
    s.same("remaining", second.at("metadata.remainingItemCount"), "1");
    auto const third = co_await s.list(secrets, {.limit = 2, .continue_token = second.at("metadata.continue")});
    s.same("third page", third.names(), "e");
    s.same("no more", third.at("metadata.continue"), "");
    s.same("remaining", third.at("metadata.remainingItemCount"), "");
    s.same("one version", third.at("metadata.resourceVersion"), first.at("metadata.resourceVersion"));
}

Async<void> pages_with_selectors(Subject& s) {
    co_await labelled(s);
    auto const first = co_await s.list(secrets, {.label_selector = "tier=front", .limit = 1});
    s.same("first page", first.names(), "a");
    s.same("remaining is not told", first.at("metadata.remainingItemCount"), "");
    auto const second = co_await s.list(
        secrets, {.label_selector = "tier=front", .limit = 1, .continue_token = first.at("metadata.continue")});
    s.same("second page", second.names(), "c");
}

Async<void> snapshot(Subject& s) {
    co_await create_many(s, "abcd");
    auto const first = co_await s.list(secrets, {.limit = 2});
    co_await s.remove(secrets, "c");
    co_await s.create(secrets, secret("e"));
    co_await s.merge(secrets, "d", R"({"data":{"k":"Mg=="}})");
    auto const second = co_await s.list(secrets, {.limit = 9, .continue_token = first.at("metadata.continue")});
    s.same("the rest as it was", second.names(), "c d");
    s.is("with the old value", second.text.find("Mg==") == std::string::npos);
    s.same("one version", second.at("metadata.resourceVersion"), first.at("metadata.resourceVersion"));
}

Async<void> bad_continue(Subject& s) {
    auto const list = co_await s.list(secrets, {.limit = 2, .continue_token = "nonsense"});
    s.refused("list", list, 400, "BadRequest");
}

Async<void> exact_version(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    co_await s.create(secrets, secret("b"));
    auto const version = made.at("metadata.resourceVersion");
    auto const exact = co_await s.list(secrets, {.resource_version = version, .resource_version_match = "Exact"});
    s.same("exactly", exact.names(), "a");
    s.same("its version", exact.at("metadata.resourceVersion"), version);
    auto const at_least =
        co_await s.list(secrets, {.resource_version = version, .resource_version_match = "NotOlderThan"});
    s.is("at least", at_least.names() == "a b" || at_least.names() == "a");
}

Async<void> match_needs_version(Subject& s) {
    auto request = list_request(secrets, s.ns(), {});
    request.query.emplace_back("resourceVersionMatch", "Exact");
    auto const list = co_await s.send(std::move(request));
    s.refused(
        "list", list, 422, "Invalid",
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden "
        "unless resourceVersion is provided");
}

Async<void> version_of_the_future(Subject& s) {
    auto const list = co_await s.list(
        secrets, {.limit = 0, .resource_version = "900000000", .resource_version_match = "NotOlderThan"});
    s.refused("list", list, 504, "Timeout");
    s.is("the message", list.at("message").starts_with("Timeout: Too large resource version: 900000000, current: "));
    s.is("the cause is named", list.text.find("ResourceVersionTooLarge") != std::string::npos);
}

Async<void> bad_version(Subject& s) {
    auto const list = co_await s.list(secrets, {.limit = 0, .resource_version = "young"});
    s.refused(
        "list", list, 400, "BadRequest",
        "invalid resource version: resourceVersion: Invalid value: \"young\": strconv.ParseUint: parsing \"young\": "
        "invalid syntax");
}

Async<void> metadata_only(Subject& s) {
    co_await create_many(s, "a");
    auto const list = co_await s.list(secrets, {.metadata_only = true});
    s.same("kind", list.at("kind"), "PartialObjectMetadataList");
    s.same("apiVersion", list.at("apiVersion"), "meta.k8s.io/v1");
    s.same("names", list.names(), "a");
    auto const& item = list.body.at("items").at(0).as_object();
    s.is("without data", !item.contains("data"));
}

Async<void> table(Subject& s) {
    co_await create_many(s, "a");
    auto request = list_request(secrets, s.ns(), {});
    request.accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    auto const list = co_await s.send(std::move(request));
    s.same("kind", list.at("kind"), "Table");
    auto const& columns = list.body.at("columnDefinitions").as_array();
    Reply const first{0, {}, "", columns.at(0).as_object()};
    s.same("first column", first.at("name"), "Name");
    auto const& row = list.body.at("rows").at(0).as_object();
    s.is("its cell", row.at("cells").at(0) == boost::json::value("a"));
    s.is("a cell for each column", row.at("cells").as_array().size() == columns.size());
    Reply const object{0, {}, "", row.at("object").as_object()};
    s.same("the row's object", object.at("kind"), "PartialObjectMetadata");
}

Async<void> unacceptable(Subject& s) {
    auto request = list_request(secrets, s.ns(), {});
    request.accept = "text/html";
    auto const list = co_await s.send(std::move(request));
    s.refused("list", list, 406, "NotAcceptable");
}

Async<void> client_list(Subject& s) {
    co_await create_many(s, "abcde");
    std::string names;
    auto const on_item = [&names](Object const& item) { names += Reply{0, {}, "", item}.at("metadata.name"); };
    auto const deadline = s.clock().now() + 30s;
    auto const end =
        co_await s.client().list(secrets, s.ns(), {.limit = 2}, {"metadata.name"}, on_item, [] {}, deadline);
    s.is("it ends well", end.has_value());
    if (!end) co_return;
    s.same("names", names, "abcde");
    s.same("pages", std::to_string(end->pages), "3");
}

}  // namespace

std::vector<Scenario> list_scenarios() {
    return {
        {"AListIsOrderedByName", order},
        {"ItemsOfAListDoNotSayTheirKind", items_are_bare},
        {"AnEmptyListHasItemsAndAVersion", empty_list},
        {"LabelSelectorsChoose", label_selectors},
        {"ABadLabelSelectorIsABadRequest", bad_label_selectors},
        {"FieldSelectorsChoose", field_selectors},
        {"EventsAreFoundByTheirObject", event_fields},
        {"AnUnknownFieldIsABadRequest", unknown_field},
        {"ABadFieldSelectorIsABadRequest", bad_field_selectors},
        {"PagesFollowEachOtherAndCountTheRest", pages},
        {"PagesHoldWhatTheSelectorChooses", pages_with_selectors},
        {"PagesAreOneSnapshot", snapshot},
        {"AForeignContinueTokenIsABadRequest", bad_continue},
        {"AnExactVersionListsThePast", exact_version},
        {"AVersionMatchNeedsAVersion", match_needs_version},
        {"AVersionOfTheFutureTimesOut", version_of_the_future},
        {"AVersionIsANumber", bad_version},
        {"AListOfMetadataOnly", metadata_only},
        {"AListAsATable", table},
        {"AnUnacceptableTypeIsRefused", unacceptable},
        {"TheClientReadsAllPages", client_list},
    };
}

}  // namespace vedette::kube::conformance
