#include "check/objects/node.hpp"
#include "check/objects/pod.hpp"
#include "check/snapshot.hpp"

#include <gmock/gmock.h>

namespace vedette::check {
namespace {

struct Row {
    char const* what;
    Params params;
    bool web_in_shop;  // labels app=web
    bool db_in_data;   // labels app=db, tier=back
};

Meta meta(std::string ns, std::string name, std::vector<std::pair<std::string, std::string>> labels) {
    Meta meta;
    meta.ns = std::move(ns);
    meta.name = std::move(name);
    meta.labels = std::move(labels);
    return meta;
}

Params with(std::vector<std::string> namespaces, std::vector<std::string> exclude = {}, std::string selector = "") {
    Params params;
    params.namespaces = std::move(namespaces);
    params.exclude = std::move(exclude);
    params.selector = std::move(selector);
    return params;
}

TEST(Scope, NamespacesExclusionsAndSelectorMustAllAgree) {
    auto const web = meta("shop", "web", {{"app", "web"}});
    auto const db = meta("data", "db", {{"app", "db"}, {"tier", "back"}});
    for (auto const& row : {
             Row{"nothing said", with({}), true, true},
             Row{"exact namespace", with({"shop"}), true, false},
             Row{"no prefix match", with({"sho"}), false, false},
             Row{"glob", with({"d*"}), false, true},
             Row{"alternatives", with({"x", "shop", "data"}), true, true},
             Row{"excluded by full name", with({}, {"shop/web"}), false, true},
             Row{"the bare name excludes nothing namespaced", with({}, {"web"}), true, true},
             Row{"excluded by glob", with({}, {"data/*"}), true, false},
             Row{"exclusion wins over namespace", with({"shop"}, {"*/web"}), false, false},
             Row{"selector", with({}, {}, "tier"), false, true},
             Row{"selector and namespace", with({"shop"}, {}, "tier"), false, false},
             Row{"negative selector", with({}, {}, "app!=db"), true, false},
         }) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(Scope(row.params).covers(web, true), row.web_in_shop);
        EXPECT_EQ(Scope(row.params).covers(db, true), row.db_in_data);
    }
}

TEST(Scope, ClusterScopedObjectsIgnoreNamespacesAndAreExcludedByName) {
    auto const node = meta("", "n1", {});
    EXPECT_TRUE(Scope(with({"shop"})).covers(node, false));
    EXPECT_FALSE(Scope(with({}, {"n*"})).covers(node, false));
    EXPECT_TRUE(Scope(with({}, {"m*"})).covers(node, false));
}

TEST(View, ListAppliesTheScopeAndEverythingDoesNot) {
    Snapshot snapshot;
    auto listing = read_of<Pod>().make();
    listing->add({{"metadata", {{"namespace", "shop"}, {"name", "web"}}}});
    listing->add({{"metadata", {{"namespace", "data"}, {"name", "db"}}}});
    snapshot.listings[Pod::resource().qualified()] = std::move(listing);
    auto const params = with({"shop"});
    View const view(snapshot, params);
    ASSERT_EQ(view.list<Pod>().size(), 1U);
    EXPECT_EQ(view.list<Pod>()[0]->meta.name, "web");
    EXPECT_EQ(view.everything<Pod>().size(), 2U);
    EXPECT_TRUE(view.has<Pod>());
    EXPECT_FALSE(view.has<Node>());
}

TEST(Listing, AppendTakesOverTheOtherAndClearDropsAll) {
    auto first = read_of<Pod>().make();
    auto second = read_of<Pod>().make();
    first->add({{"metadata", {{"name", "a"}}}});
    second->add({{"metadata", {{"name", "b"}}}});
    second->add({{"metadata", {{"name", "c"}}}});
    first->append(std::move(*second));
    EXPECT_EQ(first->size(), 3U);
    first->clear();
    EXPECT_EQ(first->size(), 0U);
}

}  // namespace
}  // namespace vedette::check
