// JSON: whatever parses prints as text that parses to the same value, in every style we print.

#include "base/json.hpp"

#include "target.hpp"

namespace vedette::fuzz {

void fuzz(std::string_view input) {
    auto const value = parse_json(input, "fuzz.json");
    if (!observe(value)) return;
    for (auto const& text : {to_json(*value), to_pretty_json(*value), to_python_json(*value)}) {
        auto const again = parse_json(text, "again.json");
        ensure(again.has_value(), "what we print parses");
        ensure(to_json(*again) == to_json(*value), "printing loses nothing");
    }
    find(*value, input.substr(0, 64));
    get_string(*value, "metadata.name");
    get_int(*value, "a.b");
    get_bool(*value, "a");
    observe("size", to_json(*value).size());
}

}  // namespace vedette::fuzz
