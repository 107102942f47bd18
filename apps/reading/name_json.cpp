// SPDX-License-Identifier: MIT
#include "apps/reading/name_json.h"

#include "formats/btrfs/flags.h"

#include <array>
#include <sys/stat.h>

namespace btrkit::apps {

namespace {

constexpr std::array<const char*, 8> type_words = {nullptr,        "file", "directory", "character-device",
                                                   "block-device", "fifo", "socket",    "symlink"};

Json time_json(const Time& time) {
    return {{"sec", time.sec}, {"nsec", time.nsec}};
}

} // namespace

Json file_type_json(btrfs::FileType type) {
    const auto number = static_cast<std::size_t>(type);
    return number < type_words.size() && type_words[number] != nullptr ? Json(type_words[number]) : Json();
}

void set_inode(Json& object, const std::optional<Inode>& inode) {
    if (!inode) {
        for (const auto* name : {"mode", "nlink", "uid", "gid", "size_bytes", "disk_bytes", "generation", "transid",
                                 "device", "flags", "atime", "mtime", "ctime", "otime"}) {
            object[name] = Json();
        }
        object["flags_names"] = Json::array();
        object["flags_unknown_bits"] = Json::array();
        return;
    }
    const bool is_device = S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
    object["mode"] = inode->mode;
    object["nlink"] = inode->nlink;
    object["uid"] = inode->uid;
    object["gid"] = inode->gid;
    object["size_bytes"] = inode->size;
    object["disk_bytes"] = inode->nbytes;
    object["generation"] = inode->generation;
    object["transid"] = inode->transid;
    object["device"] = is_device ? Json{{"major", inode->device_major}, {"minor", inode->device_minor}} : Json();
    set_flags(object, "flags", inode->flags, btrfs::inode_flag_names);
    object["atime"] = time_json(inode->atime);
    object["mtime"] = time_json(inode->mtime);
    object["ctime"] = time_json(inode->ctime);
    object["otime"] = time_json(inode->otime);
}

Json name_json(std::string_view path, const survey::WalkedName& walked) {
    Json object;
    set_text(object, "path", path);
    object["type"] = file_type_json(walked.type);
    object["tree"] = walked.tree->id;
    object["inode"] = walked.number;
    object["is_subvolume"] = walked.is_subvolume;
    object["is_snapshot"] = walked.is_snapshot;
    object["hangs_elsewhere"] = walked.hangs_elsewhere;
    object["is_found"] = walked.is_found;
    set_inode(object, walked.inode);
    return object;
}

void set_optional_text(Json& object, std::string_view name, const std::optional<std::string>& text) {
    if (text) {
        set_text(object, name, *text);
    } else {
        object[std::string(name)] = Json();
        object[std::string(name) + "_hex"] = Json();
    }
}

Json damage_json(std::string_view path, const Error& damage) {
    Json object;
    set_text(object, "path", path);
    set_text(object, "damage", damage.message);
    return object;
}

} // namespace btrkit::apps
