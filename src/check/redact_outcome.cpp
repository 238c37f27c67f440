#include "check/redact_outcome.hpp"

#include "base/redact.hpp"

namespace vedette::check {
namespace {

namespace json = boost::json;

void redact_value(json::value& value) {
    if (auto* text = value.if_string()) {
        if (auto const clean = redact(*text); clean != *text) *text = clean;
    } else if (auto* array = value.if_array()) {
        for (auto& item : *array) redact_value(item);
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object) redact_value(member.value());
    }
}

}  // namespace

void redact_outcome(Outcome& outcome) {
    outcome.message = redact(outcome.message);
    for (auto& failure : outcome.failures) failure.message = redact(failure.message);
    for (auto& member : outcome.details) redact_value(member.value());
}

}  // namespace vedette::check
