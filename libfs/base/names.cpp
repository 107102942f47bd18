// SPDX-License-Identifier: MIT
#include "libfs/base/names.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/objectid_word.h"

#include <algorithm>
#include <cctype>

namespace btrkit {

namespace item_type = btrfs::item_type;

namespace {

void put_qgroupid(TextBuffer& out, u64 qgroupid) {
    out.dec(btrfs::qgroup_level(qgroupid));
    out.put('/');
    out.dec(btrfs::qgroup_number(qgroupid));
}

void put_hex_key_half(TextBuffer& out, u64 half) {
    out.put("0x");
    out.hex16(half);
}

/// The C escape of a byte, or 0 if it has none.
char c_escape(char byte) {
    switch (byte) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\x1b': return 'e';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    case '\\': return '\\';
    default: return 0;
    }
}

bool is_plain(char byte) {
    return byte > ' ' && byte < 0x7f && byte != '\\';
}

/// Bytes that one byte can become.
constexpr std::size_t longest_escape = 4;

char* put_escape(char* to, char byte) {
    *to++ = '\\';
    if (const char letter = c_escape(byte)) {
        *to++ = letter;
        return to;
    }
    const auto value = static_cast<unsigned char>(byte);
    *to++ = static_cast<char>('0' + (value >> 6));
    *to++ = static_cast<char>('0' + ((value >> 3) & 7));
    *to++ = static_cast<char>('0' + (value & 7));
    return to;
}

enum class Spaces : bool { plain, escaped };

void put_safely(TextBuffer& out, std::string_view bytes, Spaces spaces) {
    char* const begin = out.room_for(bytes.size() * longest_escape);
    char* to = begin;
    for (const char byte : bytes) {
        if (is_plain(byte)) {
            *to++ = byte;
        } else if (byte != ' ') {
            to = put_escape(to, byte);
        } else {
            if (spaces == Spaces::escaped) {
                *to++ = '\\';
            }
            *to++ = ' ';
        }
    }
    out.commit(static_cast<std::size_t>(to - begin));
}

} // namespace

std::string_view objectid_word(u64 objectid, u8 type) {
    switch (type) {
    case item_type::persistent_item:
        return objectid == btrfs::dev_stats_objectid ? std::string_view("DEV_STATS") : std::string_view{};
    case item_type::dev_extent:
    case item_type::qgroup_relation:
    case item_type::uuid_key_subvol:
    case item_type::uuid_key_received_subvol: return {};
    default: break;
    }
    if (type == item_type::dev_item && objectid == btrfs::dev_items_objectid) {
        return "DEV_ITEMS";
    }
    if (type == item_type::chunk_item && objectid == btrfs::first_chunk_tree_objectid) {
        return "FIRST_CHUNK_TREE";
    }
    return btrfs::objectid_name(objectid);
}

void put_objectid(TextBuffer& out, u64 objectid, u8 type) {
    switch (type) {
    case item_type::qgroup_relation: put_qgroupid(out, objectid); return;
    case item_type::uuid_key_subvol:
    case item_type::uuid_key_received_subvol: put_hex_key_half(out, objectid); return;
    default: break;
    }
    if (const auto word = objectid_word(objectid, type); !word.empty()) {
        out.put(word);
    } else {
        out.dec(objectid);
    }
}

void put_item_type(TextBuffer& out, u64 objectid, u8 type) {
    if (const auto* info = btrfs::key_type_info({objectid, type, 0})) {
        out.put(info->name);
    } else {
        out.put("UNKNOWN.");
        out.dec(type);
    }
}

void put_key_offset(TextBuffer& out, const btrfs::Key& key) {
    switch (key.type) {
    case item_type::qgroup_relation:
    case item_type::qgroup_info:
    case item_type::qgroup_limit: put_qgroupid(out, key.offset); return;
    case item_type::uuid_key_subvol:
    case item_type::uuid_key_received_subvol: put_hex_key_half(out, key.offset); return;
    case item_type::root_item:
        // A relocation tree's offset is the tree that it relocates.
        if (key.objectid == btrfs::tree_reloc_id) {
            put_objectid(out, key.offset, key.type);
        } else {
            out.dec(key.offset);
        }
        return;
    default: break;
    }
    if (key.offset == ~u64{0}) {
        out.put("-1");
    } else {
        out.dec(key.offset);
    }
}

void put_key(TextBuffer& out, const btrfs::Key& key) {
    out.put('(');
    put_objectid(out, key.objectid, key.type);
    out.put(' ');
    put_item_type(out, key.objectid, key.type);
    out.put(' ');
    put_key_offset(out, key);
    out.put(')');
}

void put_uuid(TextBuffer& out, const btrfs::Uuid& uuid) {
    const Bytes bytes = std::as_bytes(std::span(uuid.bytes));
    out.hex_bytes(bytes.first(4));
    for (const std::size_t group : {4, 6, 8}) {
        out.put('-');
        out.hex_bytes(bytes.subspan(group, 2));
    }
    out.put('-');
    out.hex_bytes(bytes.subspan(10, 6));
}

void put_flags(TextBuffer& out, u64 flags, btrfs::FlagNames names) {
    bool first = true;
    const auto part = [&] {
        if (!first) {
            out.put('|');
        }
        first = false;
    };
    for (const auto& flag : names) {
        if ((flags & flag.bit) != 0) {
            part();
            out.put(flag.name);
        }
    }
    if (const u64 unknown = flags & ~btrfs::known_flags(names); unknown != 0) {
        part();
        out.put("UNKNOWN.0x");
        out.hex(unknown);
    }
}

void put_escaped(TextBuffer& out, std::string_view bytes) {
    put_safely(out, bytes, Spaces::escaped);
}

std::string key_text(const btrfs::Key& key) {
    TextBuffer out;
    put_key(out, key);
    return std::string(out.view());
}

std::string uuid_text(const btrfs::Uuid& uuid) {
    TextBuffer out;
    put_uuid(out, uuid);
    return std::string(out.view());
}

std::string objectid_text(u64 objectid) {
    TextBuffer out;
    put_objectid(out, objectid);
    return std::string(out.view());
}

std::string printable(std::string_view bytes) {
    TextBuffer out;
    put_safely(out, bytes, Spaces::plain);
    return std::string(out.view());
}

} // namespace btrkit
