#pragma once
// How objects look in an answer: whole, as a Table for people, or metadata only.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables

#include "base/clock.hpp"
#include "kube/fake/lister.hpp"

namespace vedette::kube::fake {

struct Representation {
    enum class Form { whole, table, partial };
    Form form = Form::whole;
    std::string include_object = "Metadata";  ///< of a Table's rows: "None", "Metadata", "Object"
};

/// The first form of an Accept header that the server can serve. Refuses with 406.
Answer<Representation> representation_of(std::string_view accept, std::string_view include_object);

/// `now` is what ages in tables are counted from.
Object render(Representation const& how, Kind const& kind, Object const& object, WallTime now);
Object render_list(Representation const& how, Kind const& kind, Page const& page, WallTime now);

/// "45s", "5m", "26h", "12d": as kubectl prints ages.
std::string human_age(Duration age);

}  // namespace vedette::kube::fake
