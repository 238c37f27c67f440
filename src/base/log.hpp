#pragma once
// What a long-running command says about itself: one sentence at a time, to whoever wired it.

#include <functional>
#include <string>

namespace vedette {

enum class LogLevel { debug, info, warning, error };

/// Must not throw and not block. `sentence` holds no secret and no line break.
using Log = std::function<void(LogLevel level, std::string sentence)>;

}  // namespace vedette
