// SPDX-License-Identifier: MIT
#include "apps/subvolumes/subvolume_json.h"

namespace btrkit::apps {

Json time_json(const btrfs::Timespec& time) {
    return time.sec == 0 && time.nsec == 0
               ? Json()
               : Json{{"sec", static_cast<std::int64_t>(u64{time.sec})}, {"nsec", u32{time.nsec}}};
}

Json number_or_null(u64 number) {
    return number == 0 ? Json() : Json(number);
}

Json subvolume_json(const subvolume::SubvolumeInfo& subvolume) {
    const auto& item = subvolume.root.item;
    Json object{{"tree", subvolume.id()}, {"tree_name", objectid_name_json(subvolume.id())}};
    if (subvolume.is_deleted()) {
        object["path"] = nullptr;
        object["path_hex"] = nullptr;
    } else {
        set_text(object, "path", subvolume.path);
    }
    object["parent_tree"] = number_or_null(subvolume.parent_id);
    object["generation"] = u64{item.generation};
    object["uuid"] = uuid_json(item.uuid);
    object["parent_uuid"] = uuid_json(item.parent_uuid);
    object["received_uuid"] = uuid_json(item.received_uuid);
    set_flags(object, "flags", item.flags, btrfs::root_flag_names);
    object["read_only"] = subvolume.is_read_only();
    object["snapshot"] = subvolume.root.is_snapshot();
    object["default"] = subvolume.is_default;
    object["deleted"] = subvolume.is_deleted();
    object["ctransid"] = u64{item.ctransid};
    object["otransid"] = subvolume.generation_made();
    object["stransid"] = number_or_null(item.stransid);
    object["rtransid"] = number_or_null(item.rtransid);
    object["ctime"] = time_json(item.ctime);
    object["otime"] = time_json(item.otime);
    object["stime"] = time_json(item.stime);
    object["rtime"] = time_json(item.rtime);
    return object;
}

} // namespace btrkit::apps
