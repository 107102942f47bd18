// SPDX-License-Identifier: MIT
#include "libfs/render/json_string.h"

namespace btrkit {

namespace {

/// How a byte goes into a JSON string.
enum class ByteKind : u8 { plain, escaped, multibyte };

constexpr std::array<ByteKind, 256> byte_kinds() {
    std::array<ByteKind, 256> kinds{};
    for (std::size_t byte = 0; byte < kinds.size(); ++byte) {
        const bool control = byte < 0x20 || byte == 0x7f;
        if (byte >= 0x80) {
            kinds[byte] = ByteKind::multibyte;
        } else if (control || byte == '"' || byte == '\\') {
            kinds[byte] = ByteKind::escaped;
        } else {
            kinds[byte] = ByteKind::plain;
        }
    }
    return kinds;
}
constexpr auto kind_of_byte = byte_kinds();

constexpr std::size_t longest_escape = 6;

char* put_unicode_escape(char* to, u8 code) {
    constexpr std::string_view digits = "0123456789abcdef";
    to = std::copy_n("\\u00", 4, to);
    *to++ = digits[code >> 4];
    *to++ = digits[code & 0xf];
    return to;
}

char* put_ascii_escape(char* to, u8 byte) {
    char letter = 0;
    switch (byte) {
    case '"': letter = '"'; break;
    case '\\': letter = '\\'; break;
    case '\b': letter = 'b'; break;
    case '\f': letter = 'f'; break;
    case '\n': letter = 'n'; break;
    case '\r': letter = 'r'; break;
    case '\t': letter = 't'; break;
    default: return put_unicode_escape(to, byte);
    }
    *to++ = '\\';
    *to++ = letter;
    return to;
}

/// Bytes of the character that text, which is not empty, begins with; 0 if it is no valid one.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<u8>(text[i]) : u8{0}; };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const u8 lead = byte(0);
    if (lead >= 0xc2 && lead <= 0xdf) {
        return continues(1) ? 2 : 0;
    }
    if ((lead & 0xf0) == 0xe0) {
        const bool overlong = lead == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = lead == 0xed && byte(1) > 0x9f;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool overlong = lead == 0xf0 && byte(1) < 0x90;
        const bool beyond_unicode = lead == 0xf4 && byte(1) > 0x8f;
        return continues(1) && continues(2) && continues(3) && !overlong && !beyond_unicode ? 4 : 0;
    }
    return 0;
}

/// Puts one character beyond ASCII, of length bytes; C1 controls are escaped.
char* put_multibyte(char* to, std::string_view character) {
    const u8 last = static_cast<u8>(character.back());
    if (character.size() == 2 && static_cast<u8>(character.front()) == 0xc2 && last < 0xa0) {
        return put_unicode_escape(to, last);
    }
    return std::ranges::copy(character, to).out;
}

} // namespace

bool put_json_string(TextBuffer& out, std::string_view bytes) {
    char* const begin = out.room_for(bytes.size() * longest_escape + 2);
    char* to = begin;
    *to++ = '"';
    for (std::size_t at = 0; at < bytes.size();) {
        const auto byte = static_cast<u8>(bytes[at]);
        std::size_t length = 1;
        switch (kind_of_byte[byte]) {
        case ByteKind::plain: *to++ = bytes[at]; break;
        case ByteKind::escaped: to = put_ascii_escape(to, byte); break;
        case ByteKind::multibyte:
            length = utf8_length(bytes.substr(at));
            if (length == 0) {
                return false;
            }
            to = put_multibyte(to, bytes.substr(at, length));
            break;
        }
        at += length;
    }
    *to++ = '"';
    out.commit(static_cast<std::size_t>(to - begin));
    return true;
}

} // namespace btrkit
