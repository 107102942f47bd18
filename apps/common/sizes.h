// SPDX-License-Identifier: MIT
// Numbers and sizes as users write and read them.
#pragma once

#include "libfs/base/address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace btrkit::apps {

/// Decimal, 0x hexadecimal or 0 octal, the whole text; nullopt where it is anything else or too large.
std::optional<u64> parse_number(std::string_view text);

/// A decimal number in bytes (zeros before it mean nothing), or followed by one of k m g t p e (powers of 1024, either
/// case); a further "b" or "ib" is allowed behind the letter, "b" alone too. Behind a letter's number a fraction is
/// allowed ("1.5G"), rounded down to bytes. 0x hexadecimal: bytes.
std::optional<u64> parse_size(std::string_view text);

/// IEC units with two decimals: "0.00B", "1.50GiB".
std::string size_text(u64 size_bytes);

/// In which form sizes are printed, as the peer's options choose.
enum class SizeForm {
    iec, ///< size_text(size_bytes)
    si,  ///< "1.61GB": powers of 1000
    raw, ///< "1610612736"
};
std::string size_text(u64 size_bytes, SizeForm form);
/// "-1.50GiB"
std::string signed_size_text(std::int64_t size_bytes, SizeForm form);

/// "1 error", "2 errors"
std::string plural(u64 count, std::string_view one);

} // namespace btrkit::apps
