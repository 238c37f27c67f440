#include "kube/conformance/table.hpp"

#include <fmt/format.h>

namespace vedette::kube::conformance {
namespace {

constexpr char const* finalizer = "vedette.test/hold";

Object held(std::string_view name) {
    auto body = secret(name);
    body["metadata"].as_object()["finalizers"] = boost::json::array{finalizer};
    return body;
}

Async<void> answer_of_a_deletion(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.remove(secrets, "a");
    s.same("HTTP status", std::to_string(reply.status), "200");
    s.same("kind", reply.at("kind"), "Status");
    s.same("status", reply.at("status"), "Success");
    s.same("name", reply.at("details.name"), "a");
    s.same("details.kind", reply.at("details.kind"), "secrets");
    s.same("uid", reply.at("details.uid"), made.at("metadata.uid"));
    auto const read = co_await s.get(secrets, "a");
    s.same("it is gone", std::to_string(read.status), "404");
}

Async<void> deleting_missing(Subject& s) {
    auto const reply = co_await s.remove(secrets, "a");
    s.refused("delete", reply, 404, "NotFound", "secrets \"a\" not found");
}

Async<void> uid_precondition(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const wrong = co_await s.remove(secrets, "a", {.uid = "11111111-2222-4333-8444-555555555555"});
    s.refused(
        "wrong uid", wrong, 409, "Conflict",
        fmt::format("Operation cannot be fulfilled on Secret \"a\": the UID in the precondition "
                    "(11111111-2222-4333-8444-555555555555) does not match the UID in record ({}). The object might "
                    "have been deleted and then recreated",
                    made.at("metadata.uid")));
    auto const right = co_await s.remove(secrets, "a", {.uid = made.at("metadata.uid")});
    s.same("right uid", std::to_string(right.status), "200");
}

Async<void> version_precondition(Subject& s) {
    auto const made = co_await s.create(secrets, secret("a"));
    auto const changed = co_await s.merge(secrets, "a", R"({"data":{"k":"Mg=="}})");
    auto const wrong = co_await s.remove(secrets, "a", {.resource_version = made.at("metadata.resourceVersion")});
    s.refused(
        "old version", wrong, 409, "Conflict",
        fmt::format("Operation cannot be fulfilled on Secret \"a\": the ResourceVersion in the precondition ({}) does "
                    "not match the ResourceVersion in record ({}). The object might have been modified",
                    made.at("metadata.resourceVersion"), changed.at("metadata.resourceVersion")));
    auto const right = co_await s.remove(secrets, "a", {.resource_version = changed.at("metadata.resourceVersion")});
    s.same("present version", std::to_string(right.status), "200");
}

Async<void> finalizer_holds(Subject& s) {
    co_await s.create(secrets, held("a"));
    auto const removed = co_await s.remove(secrets, "a");
    s.same("HTTP status", std::to_string(removed.status), "200");
    auto const read = co_await s.get(secrets, "a");
    s.same("it is still there", std::to_string(read.status), "200");
    s.is("and terminating", !read.at("metadata.deletionTimestamp").empty());
    s.same("grace", read.at("metadata.deletionGracePeriodSeconds"), "0");
    auto const again = co_await s.create(secrets, secret("a"));
    s.refused("its name is taken", again, 409, "AlreadyExists");
    auto const freed = co_await s.merge(secrets, "a", R"({"metadata":{"finalizers":null}})");
    s.same("the last finalizer", std::to_string(freed.status), "200");
    auto const gone = co_await s.get(secrets, "a");
    s.same("it is gone", std::to_string(gone.status), "404");
}

Async<void> no_new_finalizers(Subject& s) {
    co_await s.create(secrets, held("a"));
    co_await s.remove(secrets, "a");
    auto const reply = co_await s.merge(
        secrets, "a", fmt::format(R"({{"metadata":{{"finalizers":["{}","vedette.test/more"]}}}})", finalizer));
    s.refused(
        "one more", reply, 422, "Invalid",
        "Secret \"a\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is "
        "being deleted, found new finalizers []string{\"vedette.test/more\"}");
    co_await s.merge(secrets, "a", R"({"metadata":{"finalizers":null}})");
}

Async<void> deletion_cannot_be_undone(Subject& s) {
    co_await s.create(secrets, held("a"));
    co_await s.remove(secrets, "a");
    auto const reply = co_await s.merge(secrets, "a", R"({"metadata":{"deletionTimestamp":null}})");
    s.is("it stays terminating", !reply.at("metadata.deletionTimestamp").empty());
    co_await s.merge(secrets, "a", R"({"metadata":{"finalizers":null}})");
}

Async<void> orphaning(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.remove(secrets, "a", {.propagation = "Orphan"});
    s.same("finalizers", reply.at("metadata.finalizers"), R"(["orphan"])");
}

Async<void> foreground(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.remove(secrets, "a", {.propagation = "Foreground"});
    s.same("finalizers", reply.at("metadata.finalizers"), R"(["foregroundDeletion"])");
}

Async<void> unknown_propagation(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto const reply = co_await s.remove(secrets, "a", {.propagation = "Sideways"});
    s.refused("delete", reply, 422, "Invalid");
}

Async<void> dry_deletion(Subject& s) {
    co_await s.create(secrets, secret("a"));
    auto request = delete_request(secrets, s.ns(), "a");
    request.query.emplace_back("dryRun", "All");
    auto const dry = co_await s.send(std::move(request));
    s.same("HTTP status", std::to_string(dry.status), "200");
    auto const read = co_await s.get(secrets, "a");
    s.same("it is still there", std::to_string(read.status), "200");
}

Async<void> collection(Subject& s) {
    co_await s.create(secrets, secret("a", "MQ==", R"({"go":"yes"})"));
    co_await s.create(secrets, secret("b"));
    co_await s.create(secrets, secret("c", "MQ==", R"({"go":"yes"})"));
    auto request = list_request(secrets, s.ns(), {.label_selector = "go=yes"});
    request.method = "DELETE";
    auto const reply = co_await s.send(std::move(request));
    s.same("HTTP status", std::to_string(reply.status), "200");
    auto const left = co_await s.list(secrets);
    s.same("left", left.names(), "b");
}

Async<void> immortal_namespace(Subject& s) {
    auto request = delete_request(namespaces, "", "kube-system");
    auto const reply = co_await s.send(std::move(request));
    s.refused("delete", reply, 403, "Forbidden",
              "namespaces \"kube-system\" is forbidden: this namespace may not be deleted");
}

Async<void> unscheduled_pod(Subject& s) {
    // Admission wants the account to exist; where a controller makes it, it may be there already.
    co_await s.create(service_accounts,
                      object(R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})"));
    auto const made = co_await s.create(pods, object(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{
        "schedulerName":"nobody","containers":[{"name":"c","image":"c.invalid/c:1"}]}})"));
    s.succeeded("create", made);
    s.same("phase", made.at("status.phase"), "Pending");
    auto const reply = co_await s.remove(pods, "p");
    s.same("the answer is the pod", reply.at("kind"), "Pod");
    auto const read = co_await s.get(pods, "p");
    s.same("it is gone at once", std::to_string(read.status), "404");
}

Async<void> pod_on_a_node(Subject& s) {
    co_await s.create(service_accounts,
                      object(R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})"));
    auto const made = co_await s.create(pods, object(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{
        "nodeName":"no-such-node","containers":[{"name":"c","image":"c.invalid/c:1"}]}})"));
    s.succeeded("create", made);
    s.same("generation", made.at("metadata.generation"), "1");
    auto const polite = co_await s.remove(pods, "p");
    s.same("its time to end", polite.at("metadata.deletionGracePeriodSeconds"), "30");
    s.same("generation", polite.at("metadata.generation"), "2");
    auto const shorter = co_await s.remove(pods, "p", {.grace_period_seconds = 10});
    s.same("it can be cut", shorter.at("metadata.deletionGracePeriodSeconds"), "10");
    auto const longer = co_await s.remove(pods, "p", {.grace_period_seconds = 20});
    s.same("but not prolonged", longer.at("metadata.deletionGracePeriodSeconds"), "10");
    co_await s.remove(pods, "p", {.grace_period_seconds = 0});
    auto const read = co_await s.get(pods, "p");
    s.same("it is gone without grace", std::to_string(read.status), "404");
}

Async<void> terminating_namespace(Subject& s) {
    co_await s.create(secrets, held("a"));
    auto const removed = co_await s.remove(namespaces, s.ns());
    s.same("HTTP status", std::to_string(removed.status), "200");
    s.same("phase", removed.at("status.phase"), "Terminating");
    auto const reply = co_await s.create(secrets, secret("b"));
    s.refused(
        "create", reply, 403, "Forbidden",
        fmt::format("secrets \"b\" is forbidden: unable to create new content in namespace {} because it is being "
                    "terminated",
                    s.ns()));
    s.is("the cause is named", reply.text.find("NamespaceTerminating") != std::string::npos);
    co_await s.merge(secrets, "a", R"({"metadata":{"finalizers":null}})");
}

}  // namespace

std::vector<Scenario> deletion_scenarios() {
    return {
        {"ADeletionAnswersWithTheUid", answer_of_a_deletion},
        {"DeletingWhatIsNotThereIsNotFound", deleting_missing},
        {"ADeletionMayDependOnTheUid", uid_precondition},
        {"ADeletionMayDependOnTheVersion", version_precondition},
        {"AFinalizerHoldsAnObjectUntilItIsRemoved", finalizer_holds},
        {"ATerminatingObjectTakesNoNewFinalizers", no_new_finalizers},
        {"ADeletionCannotBeUndone", deletion_cannot_be_undone},
        {"OrphaningIsWrittenDownAsAFinalizer", orphaning},
        {"ForegroundDeletionIsWrittenDownAsAFinalizer", foreground},
        {"AnUnknownPropagationPolicyIsInvalid", unknown_propagation},
        {"ADryDeletionRemovesNothing", dry_deletion},
        {"ACollectionIsDeletedBySelector", collection},
        {"KubeSystemMayNotBeDeleted", immortal_namespace},
        {"APodThatNobodyRunsGoesAtOnce", unscheduled_pod},
        {"APodOnANodeHasTimeToEnd", pod_on_a_node},
        {"ATerminatingNamespaceTakesNothingNew", terminating_namespace},
    };
}

}  // namespace vedette::kube::conformance
