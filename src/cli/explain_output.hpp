#pragma once
#include "check/check_type.hpp"

#include <string>

namespace vedette::cli {

/// What a check type finds, when it turns, what is behind it, what to type next, what it takes and needs: for a person
/// at a terminal.
std::string explain_text(check::CheckType const& type);

/// The same as a section of Markdown.
std::string explain_markdown(check::CheckType const& type);

/// docs/checks.md: an introduction and the section of every type.
std::string checks_reference();

}  // namespace vedette::cli
