// SPDX-License-Identifier: MIT
#include "apps/common/source_date.h"

#include "apps/common/sizes.h"

#include <cstdlib>
#include <limits>

#include <fmt/format.h>

namespace btrkit::apps {

Result<std::optional<std::int64_t>> source_date_epoch() {
    const char* text = std::getenv("SOURCE_DATE_EPOCH");
    if (text == nullptr || *text == '\0') {
        return std::optional<std::int64_t>{};
    }
    const auto number = parse_number(text);
    if (!number || *number > static_cast<u64>(std::numeric_limits<std::int64_t>::max())) {
        return fail(ErrorKind::usage, fmt::format("SOURCE_DATE_EPOCH '{}' is no number of seconds", text));
    }
    return std::optional(static_cast<std::int64_t>(*number));
}

} // namespace btrkit::apps
