// SPDX-License-Identifier: MIT
#include "apps/common/document.h"
#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/info/info.h"
#include "apps/info/info_report.h"
#include "apps/subvolumes/subvolume_json.h"
#include "formats/btrfs/flags.h"
#include "libfs/base/ascii.h"

namespace btrkit::apps {

namespace {

Json superblock_json(const btrfs::Superblock& super) {
    Json object{{"tree_uuid", uuid_json(super.tree_fsid())},
                {"nodesize", u32{super.nodesize}},
                {"sectorsize", u32{super.sectorsize}}};
    const auto* csum = btrfs::find_csum_type(super.csum_type);
    object["csum_type"] = csum == nullptr ? Json() : Json(csum->name);
    set_flags(object, "flags", super.flags, btrfs::super_flag_names);
    set_flags(object, "incompat_flags", super.incompat_flags, btrfs::incompat_flag_names);
    set_flags(object, "compat_ro_flags", super.compat_ro_flags, btrfs::compat_ro_flag_names);
    object["bytes_used"] = u64{super.bytes_used};
    return object;
}

Json errors_json(const Glance& glance, u64 devid) {
    const auto found = glance.device_errors.find(devid);
    if (found == glance.device_errors.end()) {
        return {};
    }
    auto object = Json::object();
    btrfs::for_each_field<btrfs::DevStatsItem>(
        [&](const auto& field) { object[std::string(field.name)] = u64{found->second.*(field.member)}; });
    return object;
}

Json device_json(const usage::DeviceSpace& device, const Glance& glance) {
    const auto& members = glance.filesystem.volume().members();
    const auto member = members.find(device.devid);
    const bool is_member = member != members.end();
    Json object{{"devid", device.devid}};
    if (device.path.empty()) {
        object["path"] = nullptr;
        object["path_hex"] = nullptr;
    } else {
        set_text(object, "path", device.path);
    }
    object["uuid"] = is_member ? uuid_json(member->second.uuid) : Json();
    object["missing"] = device.is_missing();
    object["seed"] = device.is_seed;
    object["stale"] = is_member && member->second.stale;
    object["generation"] = is_member && !device.is_missing() ? Json(member->second.generation) : Json();
    object["super_mirror"] = is_member && !device.is_missing() ? Json(member->second.super_mirror) : Json();
    object["size_bytes"] = device.size_bytes;
    object["allocated_bytes"] = device.allocated_bytes;
    object["errors"] = errors_json(glance, device.devid);
    return object;
}

Json profile_json(const usage::ProfileSpace& profile) {
    Json object;
    set_flags(object, "type", profile.flags, btrfs::block_group_flag_names);
    object["profile"] = lower_case(profile.profile().name);
    object["total_bytes"] = profile.total_bytes;
    object["used_bytes"] = profile.used_bytes;
    object["block_groups"] = profile.group_count;
    return object;
}

Json last_change_json(const subvolume::SubvolumeInfo* last) {
    if (last == nullptr) {
        return {};
    }
    return {
        {"tree", last->id()}, {"ctransid", u64{last->root.item.ctransid}}, {"ctime", time_json(last->root.item.ctime)}};
}

} // namespace

std::string info_json(const Glance& glance) {
    Json document = begin_document({.tool = info_tool, .name = "info"});
    document["images"] = texts_json("path", glance.images);
    document["filesystem"] = filesystem_json(&glance.super());
    document["missing_devices"] = missing_devids(glance.filesystem);
    document["complete"] = glance.is_complete();
    document["superblock"] = superblock_json(glance.super());
    document["has_log"] = glance.has_log();
    document["last_change"] = last_change_json(glance.changed_last());
    auto& devices = document["devices"] = Json::array();
    for (const auto& device : glance.space.devices) {
        devices.push_back(device_json(device, glance));
    }
    document["allocated_bytes"] = glance.space.overall.allocated_bytes;
    document["free_estimated_bytes"] = glance.space.overall.free_estimated_bytes;
    auto& profiles = document["profiles"] = Json::array();
    for (const auto& profile : glance.space.profiles) {
        profiles.push_back(profile_json(profile));
    }
    auto& subvolumes = document["subvolumes"] = Json::array();
    for (const auto& subvolume : glance.subvolumes.all()) {
        subvolumes.push_back(subvolume_json(subvolume));
    }
    document["counts"] = finding_counts_json(glance.findings);
    auto& findings = document["findings"] = Json::array();
    for (const auto& finding : glance.findings.all()) {
        findings.push_back(finding_json(finding));
    }
    document["next"] = glance.next_step();
    return json_text(document);
}

} // namespace btrkit::apps
