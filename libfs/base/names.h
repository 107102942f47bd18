// SPDX-License-Identifier: MIT
// Keys, object ids, uuids and flags as text, in the words of the peer; and the way back from a user's words.
#pragma once

#include "formats/btrfs/key.h"
#include "formats/btrfs/uuid.h"
#include "libfs/base/text_buffer.h"

#include <optional>
#include <string>

namespace btrkit {

/// An object id as the peer prints it in a key of this type: name, number, level/number or hex.
/// type 0 gives the plain form, as for owners and back reference roots.
void put_objectid(TextBuffer& out, u64 objectid, u8 type = 0);
/// "INODE_ITEM", "UNTYPED" or "UNKNOWN.7".
void put_item_type(TextBuffer& out, u64 objectid, u8 type);
/// The offset of a key: number, -1, level/number, hex, or a tree's name for relocation trees.
void put_key_offset(TextBuffer& out, const btrfs::Key& key);
/// "(257 INODE_ITEM 0)".
void put_key(TextBuffer& out, const btrfs::Key& key);
void put_uuid(TextBuffer& out, const btrfs::Uuid& uuid);
/// The names of the set bits, parted by '|'; bits without a name as "UNKNOWN.0x40"; nothing for 0.
void put_flags(TextBuffer& out, u64 flags, btrfs::FlagNames names);

/// Bytes that come from an image, made safe for a terminal and for line-based tools in the peer's way:
/// a backslash before space and backslash, C escapes, octal for everything else that is not printable ASCII.
void put_escaped(TextBuffer& out, std::string_view bytes);

std::string key_text(const btrfs::Key& key);
std::string uuid_text(const btrfs::Uuid& uuid);
std::string objectid_text(u64 objectid);
/// Like put_escaped, but leaves spaces alone: for names and paths inside messages.
std::string printable(std::string_view bytes);

/// A tree by number (any base that strtoull takes) or by name, in all spellings that the peer takes: any case,
/// '-' for '_', with or without "BTRFS_", "_TREE" and "_OBJECTID".
std::optional<u64> parse_tree_id(std::string_view text);

/// A uuid in its usual form, 8-4-4-4-12 hexadecimal digits of either case.
std::optional<btrfs::Uuid> parse_uuid(std::string_view text);

/// OBJECTID[,TYPE[,OFFSET]], each by number or by name; parts that are left out are those of fill.
std::optional<btrfs::Key> parse_key(std::string_view text, const btrfs::Key& fill);

} // namespace btrkit
