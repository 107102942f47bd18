// SPDX-License-Identifier: MIT
#include "apps/usage/df_report.h"
#include "libfs/base/ascii.h"
#include "libfs/render/json_text.h"

namespace btrkit::apps {

using usage::SizeClasses;
using usage::SpaceReport;

namespace {

Json ratio_json(const std::optional<double>& ratio) {
    return ratio ? Json(*ratio) : Json();
}

Json overall_json(const usage::OverallSpace& overall) {
    Json types = Json::array();
    for (const auto& [type, name] :
         {std::pair(btrfs::block_group_data, "data"), std::pair(btrfs::block_group_metadata, "metadata"),
          std::pair(btrfs::block_group_system, "system")}) {
        if ((overall.multiple_profile_types & type) != 0) {
            types.push_back(name);
        }
    }
    return {{"size_bytes", overall.size_bytes},
            {"allocated_bytes", overall.allocated_bytes},
            {"unallocated_bytes", overall.unallocated_bytes},
            {"missing_bytes", overall.missing_bytes},
            {"slack_bytes", overall.slack_bytes},
            {"used_bytes", overall.used_bytes},
            {"free_estimated_bytes", overall.free_estimated_bytes},
            {"free_min_bytes", overall.free_min_bytes},
            {"free_statfs_bytes", overall.free_statfs_bytes},
            {"data_ratio", ratio_json(overall.data_ratio)},
            {"metadata_ratio", ratio_json(overall.metadata_ratio)},
            {"global_reserve_bytes", overall.global_reserve_bytes},
            {"multiple_profiles", std::move(types)}};
}

Json free_json(const SizeClasses& free) {
    Json classes = Json::array();
    for (std::size_t number = 0; number < SizeClasses::class_count; ++number) {
        const u64 end = SizeClasses::end_of(number);
        classes.push_back({{"from_bytes", SizeClasses::begin_of(number)},
                           {"below_bytes", end == 0 ? Json() : Json(end)},
                           {"pieces", free.classes()[number].count},
                           {"bytes", free.classes()[number].bytes}});
    }
    return {{"bytes", free.bytes()},
            {"pieces", free.count()},
            {"largest_bytes", free.largest_bytes()},
            {"by_size", std::move(classes)}};
}

Json profile_json(const usage::ProfileSpace& profile) {
    Json object;
    set_flags(object, "type", profile.flags, btrfs::block_group_flag_names);
    object["profile"] = lower_case(profile.profile().name);
    object["total_bytes"] = profile.total_bytes;
    object["used_bytes"] = profile.used_bytes;
    object["counted_bytes"] = profile.counted_bytes;
    object["block_groups"] = profile.group_count;
    object["block_groups_by_tenth"] = profile.groups_by_fullness;
    Json devices = Json::array();
    for (const auto& [devid, bytes] : profile.bytes_of_device) {
        devices.push_back({{"devid", devid}, {"bytes", bytes}});
    }
    object["devices"] = std::move(devices);
    object["free"] = free_json(profile.free);
    return object;
}

Json device_json(const usage::DeviceSpace& device) {
    Json object{{"devid", device.devid}};
    if (device.path.empty()) {
        object["path"] = Json();
        object["path_hex"] = Json();
    } else {
        set_text(object, "path", device.path);
    }
    object["missing"] = device.is_missing();
    object["seed"] = device.is_seed;
    object["size_bytes"] = device.size_bytes;
    object["device_bytes"] = device.is_missing() ? Json() : Json(device.device_bytes);
    object["allocated_bytes"] = device.allocated_bytes;
    object["unallocated_bytes"] = device.unallocated_bytes();
    object["slack_bytes"] = device.slack_bytes();
    return object;
}

} // namespace

std::string df_json(const UsageFlags& flags, const Filesystem& filesystem, const SpaceReport& report) {
    auto document = begin_usage_document("usage-df", flags, filesystem);
    document["complete"] = report.is_complete;
    document["overall"] = overall_json(report.overall);
    auto& profiles = document["profiles"] = Json::array();
    for (const auto& profile : report.profiles) {
        profiles.push_back(profile_json(profile));
    }
    auto& devices = document["devices"] = Json::array();
    for (const auto& device : report.devices) {
        devices.push_back(device_json(device));
    }
    auto& trees = document["trees"] = Json::array();
    for (const auto& [tree, bytes] : report.bytes_of_tree) {
        trees.push_back({{"tree", tree}, {"tree_name", objectid_name_json(tree)}, {"bytes", bytes}});
    }
    document["metadata_bytes"] = report.metadata_bytes;
    document["data_bytes"] = report.data_bytes;
    document["data_extents"] = report.data_extent_count;
    document["shrink_estimate_bytes"] = report.shrink_estimate_bytes;
    return json_text(document);
}

} // namespace btrkit::apps
