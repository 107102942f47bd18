// SPDX-License-Identifier: MIT
// Numbers that many a reader of JSON rounds: jq before 1.7, JavaScript and whatever else keeps them as doubles.
#pragma once

#include "libfs/base/address.h"
#include "libfs/render/fields_json.h"

#include <concepts>
#include <string_view>

namespace btrkit {

/// Behind a member NAME whose number is no longer exact as a double stands NAME_exact, its digits as text.
inline constexpr std::string_view exact_suffix = "_exact";

/// Whether a double keeps this number and its neighbours apart.
constexpr bool is_exact_as_double(std::integral auto value) {
    constexpr std::int64_t largest = (std::int64_t{1} << 53) - 1;
    return std::cmp_less_equal(value, largest) && std::cmp_greater_equal(value, -largest);
}

/// Puts NAME_exact behind every member that needs it.
void add_exact_numbers(Json& document);

} // namespace btrkit
