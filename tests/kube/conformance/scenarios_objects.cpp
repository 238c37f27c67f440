// Creating and replacing objects, and the status subresource.

#include "kube/conformance/table.hpp"

#include <fmt/format.h>

namespace vedette::kube::conformance {
namespace {

Async<void> created_object(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    s.same("status", std::to_string(made.status), "201");
    s.same("kind", made.at("kind"), "Secret");
    s.same("apiVersion", made.at("apiVersion"), "v1");
    s.same("namespace", made.at("metadata.namespace"), s.ns());
    s.same("length of a uid", std::to_string(made.at("metadata.uid").size()), "36");
    s.same("length of a time", std::to_string(made.at("metadata.creationTimestamp").size()), "20");
    s.is("it has a version", !made.at("metadata.resourceVersion").empty());
    auto const read = co_await s.get(secrets, "a");
    s.same("what is read", read.at("metadata.uid"), made.at("metadata.uid"));
    s.same("its version", read.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
}

Async<void> missing(Subject& s) {
    auto const pod = co_await s.get(pods, "x");
    s.refused("pod", pod, 404, "NotFound", "pods \"x\" not found");
    s.same("details.name", pod.at("details.name"), "x");
    s.same("details.kind", pod.at("details.kind"), "pods");
    auto const ing = co_await s.get(ingresses, "x");
    s.refused("ingress", ing, 404, "NotFound", "ingresses.networking.k8s.io \"x\" not found");
    s.same("details.group", ing.at("details.group"), "networking.k8s.io");
}

Async<void> created_twice(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const again = co_await s.create(secrets, secret("a"));
    s.refused("second", again, 409, "AlreadyExists", "secrets \"a\" already exists");
}

Async<void> missing_namespace(Subject& s) {
    auto request = create_request(secrets, s.ns() + "-not", secret("a"));
    auto const reply = co_await s.send(std::move(request));
    s.refused("create", reply, 404, "NotFound", fmt::format("namespaces \"{}-not\" not found", s.ns()));
    s.same("details.kind", reply.at("details.kind"), "namespaces");
}

Async<void> nameless(Subject& s) {
    auto const reply = co_await s.create(secrets, object(R"({"apiVersion":"v1","kind":"Secret","metadata":{}})"));
    s.refused("create", reply, 422, "Invalid",
              "Secret \"\" is invalid: metadata.name: Required value: name or generateName is required");
    s.same("causes", reply.at("details.causes"),
           R"([{"reason":"FieldValueRequired","message":"Required value: name or generateName is required",)"
           R"("field":"metadata.name"}])");
}

Async<void> bad_name(Subject& s) {
    auto const reply = co_await s.create(secrets, secret("Bad_Name"));
    s.refused(
        "create", reply, 422, "Invalid",
        "Secret \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain "
        "must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
        "character (e.g. 'example.com', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
    s.same("details.kind", reply.at("details.kind"), "Secret");
}

Async<void> bad_label(Subject& s) {
    auto const reply = co_await s.create(secrets, secret("a", "MQ==", R"({"k":"a b"})"));
    s.refused(
        "create", reply, 422, "Invalid",
        "Secret \"a\" is invalid: metadata.labels: Invalid value: \"a b\": a valid label must be an empty string or "
        "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
}

Async<void> bad_label_keys(Subject& s) {
    struct Row {
        std::string key;
        char const* fault;
    };
    for (auto const& row : {
             Row{"/k", "prefix part must be non-empty"},
             Row{std::string(64, 'k'), "name part must be no more than 63 bytes"},
         }) {
        auto const reply = co_await s.create(secrets, secret("a", "MQ==", fmt::format(R"({{"{}":"v"}})", row.key)));
        s.refused(
            row.key, reply, 422, "Invalid",
            fmt::format("Secret \"a\" is invalid: metadata.labels: Invalid value: \"{}\": {}", row.key, row.fault));
    }
    auto const body = fmt::format(R"({{"k":"{}"}})", std::string(64, 'v'));
    auto const value = co_await s.create(secrets, secret("a", "MQ==", body));
    s.refused(
        "a long value", value, 422, "Invalid",
        fmt::format("Secret \"a\" is invalid: metadata.labels: Invalid value: \"{}\": must be no more than 63 bytes",
                    std::string(64, 'v')));
}

Async<void> long_names(Subject& s) {
    auto const most = co_await s.create(secrets, secret(std::string(253, 'a')));
    s.same("253 characters", std::to_string(most.status), "201");
    auto const more = co_await s.create(secrets, secret(std::string(254, 'a')));
    s.refused("254 characters", more, 422, "Invalid",
              fmt::format("Secret \"{0}\" is invalid: metadata.name: Invalid value: \"{0}\": must be no more than 253 "
                          "characters",
                          std::string(254, 'a')));
}

Async<void> generate_name(Subject& s) {
    auto const body = object(R"({"apiVersion":"v1","kind":"Secret","metadata":{"generateName":"job-"}})");
    auto const one = co_await s.create(secrets, body);
    auto const two = co_await s.create(secrets, body);
    s.is("it begins with the prefix", one.at("metadata.name").starts_with("job-"));
    s.same("its length", std::to_string(one.at("metadata.name").size()), "9");
    s.is("each is new", one.at("metadata.name") != two.at("metadata.name"));
    s.same("generateName stays", one.at("metadata.generateName"), "job-");
}

Async<void> other_namespace(Subject& s) {
    auto body = secret("a");
    body["metadata"].as_object()["namespace"] = "default";
    auto const reply = co_await s.create(secrets, body);
    s.refused("create", reply, 400, "BadRequest",
              "the namespace of the provided object does not match the namespace sent on the request");
}

Async<void> other_kind(Subject& s) {
    auto const kind = co_await s.create(secrets, object(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}})"));
    s.refused("kind", kind, 400, "BadRequest");
    auto const version =
        co_await s.create(ingresses, object(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}})"));
    s.refused("apiVersion", version, 400, "BadRequest");
}

Async<void> not_json(Subject& s) {
    auto request = create_request(secrets, s.ns(), secret("a"));
    request.body = "{";
    auto const reply = co_await s.send(std::move(request));
    s.refused("create", reply, 400, "BadRequest");
}

Async<void> version_on_create(Subject& s) {
    auto body = secret("a");
    body["metadata"].as_object()["resourceVersion"] = "5";
    auto const reply = co_await s.create(secrets, body);
    s.refused("create", reply, 500, "", "resourceVersion should not be set on objects to be created");
}

Async<void> stale_update(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    co_await s.replace(secrets, "a", secret("a", "Mg=="));
    auto stale = made.body;
    stale["data"] = object(R"({"k":"Mw=="})");
    auto const reply = co_await s.replace(secrets, "a", stale);
    s.refused(
        "replace", reply, 409, "Conflict",
        "Operation cannot be fulfilled on secrets \"a\": the object has been modified; please apply your changes to "
        "the latest version and try again");
    s.same("details.name", reply.at("details.name"), "a");
    s.same("details.kind", reply.at("details.kind"), "secrets");
    auto const read = co_await s.get(secrets, "a");
    s.same("what stands", read.at("data.k"), "Mg==");
}

Async<void> update_without_version(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.replace(secrets, "a", secret("a", "Mg=="));
    s.same("status", std::to_string(reply.status), "200");
    s.same("value", reply.at("data.k"), "Mg==");
    s.same("uid", reply.at("metadata.uid"), made.at("metadata.uid"));
    s.same("time", reply.at("metadata.creationTimestamp"), made.at("metadata.creationTimestamp"));
    s.is("the version rises", reply.at("metadata.resourceVersion") != made.at("metadata.resourceVersion"));
}

Async<void> lease_without_version(Subject& s) {
    auto const body = object(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},)"
                             R"("spec":{"holderIdentity":"me"}})");
    auto const made = co_await s.create(leases, body);
    auto const blind = co_await s.replace(leases, "l", body);
    s.refused(
        "without a version", blind, 422, "Invalid",
        "leases.coordination.k8s.io \"l\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified "
        "for an update");
    auto const seeing = co_await s.replace(leases, "l", made.body);
    s.succeeded("with a version", seeing);
}

Async<void> unchanged_update(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.replace(secrets, "a", made.body);
    s.same("version", reply.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
}

Async<void> update_of_missing(Subject& s) {
    auto const reply = co_await s.replace(secrets, "a", secret("a"));
    s.refused("replace", reply, 404, "NotFound", "secrets \"a\" not found");
}

Async<void> update_of_other_name(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.replace(secrets, "a", secret("b"));
    s.refused("replace", reply, 400, "BadRequest", "the name of the object (b) does not match the name on the URL (a)");
}

Async<void> update_of_other_uid(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto other = secret("a", "Mg==");
    other["metadata"].as_object()["uid"] = "11111111-2222-4333-8444-555555555555";
    auto const reply = co_await s.replace(secrets, "a", other);
    s.refused("replace", reply, 409, "Conflict",
              fmt::format("Operation cannot be fulfilled on secrets \"a\": StorageError: invalid object, Code: 4, Key: "
                          "/registry/secrets/{}/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
                          "precondition: 11111111-2222-4333-8444-555555555555, UID in object meta: {}",
                          s.ns(), made.at("metadata.uid")));
}

Async<void> creation_time_is_kept(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto other = secret("a", "Mg==");
    other["metadata"].as_object()["creationTimestamp"] = "2001-01-01T00:00:00Z";
    auto const reply = co_await s.replace(secrets, "a", other);
    s.same("time", reply.at("metadata.creationTimestamp"), made.at("metadata.creationTimestamp"));
}

Async<void> status_on_create(Subject& s) {
    auto body = ingress("i", "web");
    body["status"] = object(R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}})");
    auto const made = co_await s.create(ingresses, body);
    s.same("status.loadBalancer.ingress", made.at("status.loadBalancer.ingress"), "");
    s.same("generation", made.at("metadata.generation"), "1");
}

Async<void> status_ignores_spec(Subject& s) {
    co_await s.create(ingresses, ingress("i", "web"));
    auto body = ingress("i", "other");
    body["status"] = object(R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}})");
    auto const reply = co_await s.replace(ingresses, "i", body, "status");
    s.same("HTTP status", std::to_string(reply.status), "200");
    s.same("service", reply.at("spec.defaultBackend.service.name"), "web");
    s.is("the address is written", reply.text.find("192.0.2.1") != std::string::npos);
    s.same("generation", reply.at("metadata.generation"), "1");
}

Async<void> spec_ignores_status(Subject& s) {
    co_await s.create(ingresses, ingress("i", "web"));
    co_await s.merge(ingresses, "i", R"({"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}})", "status");
    auto body = ingress("i", "other");
    body["status"] = object(R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.2"}]}})");
    auto const reply = co_await s.replace(ingresses, "i", body);
    s.same("service", reply.at("spec.defaultBackend.service.name"), "other");
    s.is("the address stays", reply.text.find("192.0.2.1") != std::string::npos);
}

Async<void> generation(Subject& s) {
    co_await s.create(ingresses, ingress("i", "web"));
    auto const label = co_await s.merge(ingresses, "i", R"({"metadata":{"labels":{"a":"b"}}})");
    s.same("after a label", label.at("metadata.generation"), "1");
    auto const spec = co_await s.merge(ingresses, "i", R"({"spec":{"ingressClassName":"other"}})");
    s.same("after the spec", spec.at("metadata.generation"), "2");
    auto const forged = co_await s.merge(ingresses, "i", R"({"metadata":{"generation":9}})");
    s.same("after somebody's own number", forged.at("metadata.generation"), "2");
}

Async<void> dry_run(Subject& s) {
    auto request = create_request(secrets, s.ns(), secret("a"));
    request.query.emplace_back("dryRun", "All");
    auto const dry = co_await s.send(request);
    s.same("status", std::to_string(dry.status), "201");
    auto const read = co_await s.get(secrets, "a");
    s.same("nothing is stored", std::to_string(read.status), "404");
    request.query.back().second = "Some";
    auto const wrong = co_await s.send(request);
    s.refused("another word", wrong, 422, "Invalid");
}

}  // namespace

std::vector<Scenario> object_scenarios() {
    return {
        {"ACreatedObjectGetsUidVersionAndTime", created_object},
        {"ReadingWhatIsNotThereIsNotFound", missing},
        {"CreatingTwiceIsAlreadyExists", created_twice},
        {"CreatingInAMissingNamespaceIsNotFound", missing_namespace},
        {"ANameIsRequired", nameless},
        {"ANameIsADnsSubdomain", bad_name},
        {"ALabelValueHasNoSpaces", bad_label},
        {"ALabelsKeyAndValueHave63CharactersAtMost", bad_label_keys},
        {"ANameHas253CharactersAtMost", long_names},
        {"GenerateNameAppendsFiveCharacters", generate_name},
        {"AnotherNamespaceInTheBodyIsABadRequest", other_namespace},
        {"AnotherKindInTheBodyIsABadRequest", other_kind},
        {"ABodyThatIsNotJsonIsABadRequest", not_json},
        {"AVersionOnANewObjectIsRefused", version_on_create},
        {"AStaleUpdateIsAConflict", stale_update},
        {"AnUpdateWithoutAVersionOverwrites", update_without_version},
        {"AnUpdateOfALeaseNeedsAVersion", lease_without_version},
        {"AnUpdateThatChangesNothingKeepsTheVersion", unchanged_update},
        {"UpdatingWhatIsNotThereIsNotFound", update_of_missing},
        {"AnotherNameInTheBodyIsABadRequest", update_of_other_name},
        {"AnotherUidInTheBodyIsAConflict", update_of_other_uid},
        {"TheTimeOfCreationCannotBeChanged", creation_time_is_kept},
        {"ANewObjectHasNoStatusOfItsOwn", status_on_create},
        {"TheStatusSubresourceIgnoresTheSpec", status_ignores_spec},
        {"AnUpdateIgnoresTheStatus", spec_ignores_status},
        {"GenerationCountsChangesOfTheSpecOnly", generation},
        {"ADryRunStoresNothing", dry_run},
    };
}

}  // namespace vedette::kube::conformance
