// Lists of objects: the same objects however the bytes are cut, and every decoder takes whatever an item may be.
// Input: how to cut (one byte), the list.

#include "kube/list_reader.hpp"

#include "base/json.hpp"
#include "check/objects/api_service.hpp"
#include "check/objects/batch.hpp"
#include "check/objects/event.hpp"
#include "check/objects/horizontal_pod_autoscaler.hpp"
#include "check/objects/ingress.hpp"
#include "check/objects/lease.hpp"
#include "check/objects/node.hpp"
#include "check/objects/pod.hpp"
#include "check/objects/policy.hpp"
#include "check/objects/replicated.hpp"
#include "check/objects/service.hpp"
#include "check/objects/volume.hpp"
#include "check/objects/webhook.hpp"
#include "target.hpp"

namespace vedette::fuzz {
namespace {

struct Read {
    std::vector<boost::json::object> items;
    bool ok = false;
    std::string version;
};

Read read(std::string_view bytes, std::size_t piece, kube::Projection projection) {
    Read out;
    kube::ListReader reader(std::move(projection), [&](boost::json::object item) { out.items.push_back(item); });
    while (!bytes.empty()) {
        auto const fed = reader.feed(bytes.substr(0, piece));
        if (!fed) {
            observe(fed.error().text());
            return out;
        }
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    out.ok = observe(reader.finish());
    if (out.ok) {
        ensure(reader.items() == out.items.size(), "counts what it hands out");
        out.version = reader.resource_version() + "/" + reader.continue_token() + "/" + reader.kind();
    }
    return out;
}

void decode(boost::json::object const& item) {
    using namespace check;
    auto const pod = Pod::from(item);
    observe(pod.phase + (pod.is_ready() ? " ready" : ""));
    pod.unready_since();
    for (auto const& container : pod.containers) container.called();
    ApiService::from(item);
    Job::from(item);
    CronJob::from(item);
    Event::from(item);
    HorizontalPodAutoscaler::from(item);
    Ingress::from(item);
    IngressClass::from(item);
    Lease::from(item);
    Node::from(item);
    ResourceQuota::from(item);
    Namespace::from(item);
    Deployment::from(item);
    StatefulSet::from(item);
    DaemonSet::from(item);
    Service::from(item);
    EndpointSlice::from(item);
    PersistentVolumeClaim::from(item);
    PersistentVolume::from(item);
    StorageClass::from(item);
    ValidatingWebhookConfiguration::from(item);
    MutatingWebhookConfiguration::from(item);
}

}  // namespace

void fuzz(std::string_view input) {
    if (input.empty()) return;
    auto const piece = static_cast<std::size_t>(static_cast<std::uint8_t>(input[0])) + 1;
    auto const bytes = input.substr(1);
    auto const whole = read(bytes, std::max<std::size_t>(bytes.size(), 1), kube::Projection::all());
    auto const cut = read(bytes, piece, kube::Projection::all());
    ensure(whole.ok == cut.ok && whole.version == cut.version, "cuts change no verdict");
    ensure(whole.items == cut.items, "cuts change no item");
    observe("items", whole.items.size());

    auto const few = read(bytes, piece, check::Pod::projection());
    ensure(few.items.size() == whole.items.size(), "a projection drops fields, never objects");
    for (auto const& item : whole.items) decode(item);
    for (std::size_t i = 0; i < few.items.size(); ++i) {
        auto const kept = check::Pod::projection().apply(whole.items[i]);
        ensure(kept == few.items[i], "the reader projects as Projection says");
    }
}

}  // namespace vedette::fuzz
