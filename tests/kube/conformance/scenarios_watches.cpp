#include "kube/conformance/table.hpp"

#include <fmt/format.h>

namespace vedette::kube::conformance {
namespace {

Async<void> begins_with_what_exists(Subject& s) {
    co_await s.create(secrets, secret("a"));
    co_await s.create(secrets, secret("b"));
    for (auto const* version : {"", "0"}) {
        auto watch = co_await s.watch(secrets, {.resource_version = version, .bookmarks = false});
        if (!watch) co_return;
        auto const first = co_await s.hear(*watch, 2);
        s.is("what exists comes first", first == "ADDED a, ADDED b" || first == "ADDED b, ADDED a");
        co_await s.merge(secrets, "a", fmt::format(R"({{"metadata":{{"labels":{{"v":"v{}"}}}}}})", version));
        auto const then = co_await s.hear(*watch, 1);
        s.same("then what happens", then, "MODIFIED a");
    }
}

Async<void> from_a_version(Subject& s) {
    auto const list = co_await s.list(secrets);
    co_await s.create(secrets, secret("a"));
    co_await s.merge(secrets, "a", R"({"data":{"k":"Mg=="}})");
    co_await s.remove(secrets, "a");
    auto watch =
        co_await s.watch(secrets, {.resource_version = list.at("metadata.resourceVersion"), .bookmarks = false});
    if (!watch) co_return;
    auto const heard = co_await s.hear(*watch, 3);
    s.same("heard", heard, "ADDED a, MODIFIED a, DELETED a");
}

Async<void> events_carry_kind(Subject& s) {
    auto const list = co_await s.list(secrets);
    co_await s.create(secrets, secret("a"));
    auto watch = co_await s.watch(secrets, {.resource_version = list.at("metadata.resourceVersion")});
    if (!watch) co_return;
    auto const event = co_await s.next(*watch);
    if (!event) co_return;
    Reply const line{0, {}, "", event->object};
    s.same("kind", line.at("kind"), "Secret");
    s.same("apiVersion", line.at("apiVersion"), "v1");
}

Async<void> deleted_version(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const version = made.at("metadata.resourceVersion");
    co_await s.remove(secrets, "a");
    auto watch = co_await s.watch(secrets, {.resource_version = version, .bookmarks = false});
    if (!watch) co_return;
    auto const event = co_await s.next(*watch);
    if (!event) co_return;
    Reply const line{0, {}, "", event->object};
    s.is("it is the deletion", event->kind == WatchEvent::Kind::deleted);
    s.is("with a version of its own", line.at("metadata.resourceVersion") != version);
    s.same("and the last value", line.at("data.k"), "MQ==");
}

Async<void> selectors_edge(Subject& s) {
    auto const list = co_await s.list(secrets);
    auto watch = co_await s.watch(
        secrets,
        {.label_selector = "in=yes", .resource_version = list.at("metadata.resourceVersion"), .bookmarks = false});
    if (!watch) co_return;
    co_await s.create(secrets, secret("a"));
    co_await s.create(secrets, secret("other"));
    co_await s.merge(secrets, "a", R"({"metadata":{"labels":{"in":"yes"}}})");
    co_await s.merge(secrets, "a", R"({"data":{"k":"Mg=="}})");
    co_await s.merge(secrets, "a", R"({"metadata":{"labels":{"in":"no"}}})");
    co_await s.create(secrets, secret("last", "MQ==", R"({"in":"yes"})"));
    auto const heard = co_await s.hear(*watch, 4);
    s.same("heard", heard, "ADDED a, MODIFIED a, DELETED a, ADDED last");
}

Async<void> edge_shows_the_state_before(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a", "MQ==", R"({"in":"yes"})"));
    auto const left = co_await s.merge(secrets, "a", R"({"metadata":{"labels":{"in":"no"}}})");
    auto watch = co_await s.watch(
        secrets,
        {.label_selector = "in=yes", .resource_version = made.at("metadata.resourceVersion"), .bookmarks = false});
    if (!watch) co_return;
    auto const event = co_await s.next(*watch);
    if (!event) co_return;
    Reply const line{0, {}, "", event->object};
    s.is("it is a deletion", event->kind == WatchEvent::Kind::deleted);
    s.same("the label as it was", line.at("metadata.labels.in"), "yes");
    s.same("the version of the change", line.at("metadata.resourceVersion"), left.at("metadata.resourceVersion"));
}

Async<void> one_name(Subject& s) {
    auto const list = co_await s.list(secrets);
    auto watch = co_await s.watch(secrets, {.field_selector = "metadata.name=b",
                                            .resource_version = list.at("metadata.resourceVersion"),
                                            .bookmarks = false});
    if (!watch) co_return;
    co_await s.create(secrets, secret("a"));
    co_await s.create(secrets, secret("b"));
    auto const heard = co_await s.hear(*watch, 1);
    s.same("heard", heard, "ADDED b");
}

Async<void> too_old(Subject& s) {
    auto watch = co_await s.watch(secrets, {.resource_version = "1", .bookmarks = false});
    if (!watch) co_return;
    auto const heard = co_await s.hear(*watch, 1);
    s.same("heard", heard, "ERROR gone");
}

Async<void> too_old_on_the_wire(Subject& s) {
    auto request = watch_request(secrets, s.ns(), {.resource_version = "1", .timeout_seconds = 5});
    auto const reply = co_await s.send(std::move(request));
    s.same("HTTP status", std::to_string(reply.status), "200");
    s.same("type", reply.at("type"), "ERROR");
    s.same("kind", reply.at("object.kind"), "Status");
    s.same("code", reply.at("object.code"), "410");
    s.same("reason", reply.at("object.reason"), "Expired");
    s.is("the message", reply.at("object.message").starts_with("too old resource version: 1 ("));
}

Async<void> timeout(Subject& s) {
    auto const list = co_await s.list(secrets);
    auto watch = co_await s.watch(
        secrets, {.resource_version = list.at("metadata.resourceVersion"), .bookmarks = false, .timeout_seconds = 2});
    if (!watch) co_return;
    auto const heard = co_await s.hear(*watch, 1);
    s.same("heard", heard, "END");
}

Async<void> bookmark(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto watch = co_await s.watch(
        secrets, {.resource_version = made.at("metadata.resourceVersion"), .bookmarks = true, .timeout_seconds = 4});
    if (!watch) co_return;
    auto const event = co_await s.next(*watch);
    if (!event) co_return;
    Reply const line{0, {}, "", event->object};
    s.is("it is a bookmark", event->kind == WatchEvent::Kind::bookmark);
    s.same("kind", line.at("kind"), "Secret");
    s.is("it has a version", !line.at("metadata.resourceVersion").empty());
    s.same("and no name", line.at("metadata.name"), "");
}

Async<void> metadata_only(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto watch = co_await s.watch(secrets, {.bookmarks = false, .metadata_only = true});
    if (!watch) co_return;
    auto const event = co_await s.next(*watch);
    if (!event) co_return;
    Reply const line{0, {}, "", event->object};
    s.same("kind", line.at("kind"), "PartialObjectMetadata");
    s.same("name", line.at("metadata.name"), "a");
    s.same("without data", line.at("data"), "");
}

Async<void> bad_version(Subject& s) {
    auto request = watch_request(secrets, s.ns(), {.resource_version = "young", .timeout_seconds = 5});
    auto const reply = co_await s.send(std::move(request));
    s.refused("watch", reply, 500, "",
              "resourceVersion: Invalid value: \"young\": strconv.ParseUint: parsing \"young\": invalid syntax");
}

// A name and `watch` is no watch: clients ask with a field selector.
Async<void> watch_of_a_name(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto request = get_request(secrets, s.ns(), "a");
    request.query.emplace_back("watch", "true");
    auto const reply = co_await s.send(std::move(request));
    s.same("kind", reply.at("kind"), "Secret");
}

}  // namespace

std::vector<Scenario> watch_scenarios() {
    return {
        {"AWatchFromNowhereBeginsWithWhatExists", begins_with_what_exists},
        {"AWatchFromAVersionTellsWhatCameAfter", from_a_version},
        {"EventsSayTheirKind", events_carry_kind},
        {"ADeletionHasAVersionOfItsOwn", deleted_version},
        {"AnObjectThatCrossesTheSelectorsEdgeIsAddedOrDeleted", selectors_edge},
        {"AnObjectThatLeavesTheSelectorIsShownAsItWas", edge_shows_the_state_before},
        {"AWatchOfOneName", one_name},
        {"ANamedObjectIsReadNotWatched", watch_of_a_name},
        {"AWatchFromTooOldAVersionIsGone", too_old, Needs::restarted_server},
        {"TooOldAVersionIsAnErrorEventAndNoErrorStatus", too_old_on_the_wire, Needs::restarted_server},
        {"AWatchEndsAfterItsTimeout", timeout},
        {"ABookmarkComesBeforeTheTimeout", bookmark},
        {"AWatchOfMetadataOnly", metadata_only},
        {"AWatchVersionIsANumber", bad_version},
    };
}

}  // namespace vedette::kube::conformance
