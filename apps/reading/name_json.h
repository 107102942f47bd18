// SPDX-License-Identifier: MIT
// A name and its inode as a line of JSON: docs/json-schema-files.md.
#pragma once

#include "libfs/render/json_text.h"
#include "libfs/survey/names/name_walk.h"

namespace btrkit::apps {

/// "file", "directory", "symlink", "character-device", "block-device", "fifo", "socket"; null: not known
Json file_type_json(btrfs::FileType type);

/// Fields of the inode, all of them null where there is none.
void set_inode(Json& object, const std::optional<Inode>& inode);

/// "path", where it leads, and the inode.
Json name_json(std::string_view path, const survey::WalkedName& walked);

/// NAME and NAME_hex, both null where there is no text.
void set_optional_text(Json& object, std::string_view name, const std::optional<std::string>& text);

/// A line for what could not be read: "path" and "damage".
Json damage_json(std::string_view path, const Error& damage);

} // namespace btrkit::apps
