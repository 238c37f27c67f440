#include "kube/conformance/table.hpp"

#include <fmt/format.h>

namespace vedette::kube::conformance {
namespace {

Async<void> merge_sets_and_removes(Subject& s) {
    co_await s.create(secrets, secret("a", "MQ==", R"({"gone":"x","kept":"y"})"));
    auto const reply =
        co_await s.merge(secrets, "a", R"({"metadata":{"labels":{"gone":null,"new":"z"}},"data":{"k":"Mg=="}})");
    s.same("status", std::to_string(reply.status), "200");
    s.same("labels",
           reply.at("metadata.labels.gone") + reply.at("metadata.labels.kept") + reply.at("metadata.labels.new"), "yz");
    s.same("value", reply.at("data.k"), "Mg==");
}

Async<void> merge_with_stale_version(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const version = made.at("metadata.resourceVersion");
    auto const patch = [&](char const* value) {
        return fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}},"data":{{"k":"{}"}}}})", version, value);
    };
    auto const first = co_await s.merge(secrets, "a", patch("Mg=="));
    s.same("in time", std::to_string(first.status), "200");
    auto const late = co_await s.merge(secrets, "a", patch("Mw=="));
    s.refused(
        "late", late, 409, "Conflict",
        "Operation cannot be fulfilled on secrets \"a\": the object has been modified; please apply your changes to "
        "the latest version and try again");
}

Async<void> merge_that_changes_nothing(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.merge(secrets, "a", R"({"data":{"k":"MQ=="}})");
    s.same("version", reply.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
}

Async<void> patch_of_missing(Subject& s) {
    auto const reply = co_await s.merge(secrets, "a", R"({"data":{"k":"MQ=="}})");
    s.refused("merge", reply, 404, "NotFound", "secrets \"a\" not found");
}

Async<void> patch_of_the_name(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.merge(secrets, "a", R"({"metadata":{"name":"b"}})");
    s.refused("merge", reply, 400, "BadRequest", "the name of the object (b) does not match the name on the URL (a)");
}

Async<void> patch_of_the_uid(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.merge(secrets, "a", R"({"metadata":{"uid":"no-uid"}})");
    s.refused("merge", reply, 422, "Invalid",
              "Secret \"a\" is invalid: metadata.uid: Invalid value: \"no-uid\": field is immutable");
}

Async<void> patch_of_the_namespace(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.merge(secrets, "a", R"({"metadata":{"namespace":"default"}})");
    s.refused("merge", reply, 400, "BadRequest",
              "the namespace of the provided object does not match the namespace sent on the request");
}

Async<void> json_operations(Subject& s) {
    co_await s.create(secrets, secret("a", "MQ==", R"({"a/b":"x"})"));
    auto const reply = co_await s.json_patch(secrets, "a", R"([
        {"op":"test","path":"/data/k","value":"MQ=="},
        {"op":"replace","path":"/data/k","value":"Mg=="},
        {"op":"add","path":"/data/new","value":"Mw=="},
        {"op":"copy","from":"/data/k","path":"/data/copy"},
        {"op":"move","from":"/metadata/labels/a~1b","path":"/metadata/labels/c"}])");
    s.same("status", std::to_string(reply.status), "200");
    s.same("values", reply.at("data.k") + reply.at("data.new") + reply.at("data.copy"), "Mg==Mw==Mg==");
    s.same("moved", reply.at("metadata.labels.c"), "x");
}

Async<void> json_test_fails(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.json_patch(secrets, "a", R"([
        {"op":"replace","path":"/data/k","value":"Mg=="},
        {"op":"test","path":"/data/k","value":"MQ=="}])");
    s.refused("patch", reply, 422, "Invalid", "the server rejected our request due to an error in our request");
    auto const read = co_await s.get(secrets, "a");
    s.same("version", read.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
}

Async<void> json_path_is_missing(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const removed = co_await s.json_patch(secrets, "a", R"([{"op":"remove","path":"/data/nothing"}])");
    s.refused("remove", removed, 422, "Invalid");
    auto const moved = co_await s.json_patch(secrets, "a", R"([{"op":"move","from":"/data/no","path":"/data/k"}])");
    s.refused("move", moved, 422, "Invalid");
    auto const deep = co_await s.json_patch(secrets, "a", R"([{"op":"replace","path":"/no/where","value":"MQ=="}])");
    s.refused("replace below a missing field", deep, 422, "Invalid");
    auto const unknown = co_await s.json_patch(secrets, "a", R"([{"op":"bend","path":"/data/k"}])");
    s.refused("an unknown operation", unknown, 422, "Invalid");
    auto const replaced = co_await s.json_patch(secrets, "a", R"([{"op":"replace","path":"/data/no","value":"Mg=="}])");
    s.same("a replaced field may be new, other than RFC 6902 says", replaced.at("data.no"), "Mg==");
}

Async<void> json_patch_is_a_list(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.json_patch(secrets, "a", R"({"op":"remove","path":"/data/k"})");
    s.refused("patch", reply, 400, "BadRequest",
              "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
}

Async<void> unknown_patch_type(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto request = patch_request(secrets, s.ns(), "a", Patch::merge, object("{}"));
    request.content_type = "application/json";
    auto const reply = co_await s.send(std::move(request));
    s.refused("patch", reply, 415, "UnsupportedMediaType", "415: Unsupported Media Type");
}

Async<void> status_patch(Subject& s) {
    co_await s.create(ingresses, ingress("i", "web"));
    auto const reply = co_await s.merge(
        ingresses, "i",
        R"({"spec":{"ingressClassName":"x"},"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}})", "status");
    s.same("class", reply.at("spec.ingressClassName"), "none");
    s.is("the address is written", reply.text.find("192.0.2.1") != std::string::npos);
}

Async<void> apply_creates_and_conflicts(Subject& s) {
    auto const apply = [&](char const* manager, char const* value, bool force) {
        return patch_request(secrets, s.ns(), "a", Patch::apply, secret("a", value),
                             {.field_manager = manager, .force = force});
    };
    auto const made = co_await s.send(apply("one", "MQ==", false));
    s.same("made", std::to_string(made.status), "201");
    auto const contested = co_await s.send(apply("two", "Mg==", false));
    s.refused("another manager", contested, 409, "Conflict");
    auto const taken = co_await s.send(apply("two", "Mg==", true));
    s.same("with force", taken.at("data.k"), "Mg==");
}

Async<void> strategic_merge(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto request = patch_request(secrets, s.ns(), "a", Patch::merge, object(R"({"data":{"k":"Mg=="}})"));
    request.content_type = "application/strategic-merge-patch+json";
    auto const reply = co_await s.send(std::move(request));
    s.same("value", reply.at("data.k"), "Mg==");
}

}  // namespace

std::vector<Scenario> patch_scenarios() {
    return {
        {"AMergePatchSetsAndRemoves", merge_sets_and_removes},
        {"AMergePatchWithAStaleVersionIsAConflict", merge_with_stale_version},
        {"AMergePatchThatChangesNothingKeepsTheVersion", merge_that_changes_nothing},
        {"PatchingWhatIsNotThereIsNotFound", patch_of_missing},
        {"APatchCannotRename", patch_of_the_name},
        {"APatchCannotChangeTheUid", patch_of_the_uid},
        {"APatchCannotMoveToAnotherNamespace", patch_of_the_namespace},
        {"AJsonPatchTestsAddsReplacesCopiesAndMoves", json_operations},
        {"AJsonPatchWhoseTestFailsChangesNothing", json_test_fails},
        {"AJsonPatchOfAMissingPathIsRefused", json_path_is_missing},
        {"AJsonPatchIsAListOfOperations", json_patch_is_a_list},
        {"APatchOfAnUnknownTypeIsRefused", unknown_patch_type},
        {"AStatusPatchIgnoresTheSpec", status_patch},
        {"ServerSideApplyCreatesAndGuardsFields", apply_creates_and_conflicts, Needs::real_server},
        {"AStrategicMergePatchIsUnderstood", strategic_merge, Needs::real_server},
    };
}

}  // namespace vedette::kube::conformance
