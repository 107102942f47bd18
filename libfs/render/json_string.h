// SPDX-License-Identifier: MIT
// Untrusted bytes as JSON strings.
#pragma once

#include "libfs/base/ascii.h"
#include "libfs/base/text_buffer.h"

namespace btrkit {

/// Puts the bytes as a quoted JSON string (RFC 8259) and returns true if they are valid UTF-8 (RFC 3629: shortest
/// forms, no surrogates). Otherwise puts nothing and returns false: such bytes can't be a JSON string without loss.
/// Quote, backslash and all control characters (C0, DEL and C1) are escaped, so the text is safe for a terminal.
bool put_json_string(TextBuffer& out, std::string_view bytes);

/// Puts ASCII text in lower case: the words of formats/ are in the peer's upper case, those of JSON are not.
inline void put_lower(TextBuffer& out, std::string_view ascii) {
    char* at = out.room_for(ascii.size());
    for (const char c : ascii) {
        *at++ = lower_case(c);
    }
    out.commit(ascii.size());
}

} // namespace btrkit
