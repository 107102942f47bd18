// SPDX-License-Identifier: MIT
#include "apps/mkfs/report.h"

#include "apps/common/document.h"
#include "libfs/base/ascii.h"
#include "libfs/base/names.h"
#include "libfs/render/fields_json.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr Document mkfs_document{.tool = "btrkit-mkfs", .name = "mkfs"};

Json profile_json(u64 flag) {
    return lower_case(btrfs::find_profile(flag)->name);
}

Json flags_json(u64 flags, btrfs::FlagNames names) {
    Json list = Json::array();
    for (const auto& flag : names) {
        if ((flags & flag.bit) != 0) {
            list.push_back(lower_case(flag.name));
        }
    }
    return list;
}

Json chunk_json(const Chunk& chunk, std::string_view kind) {
    Json stripes = Json::array();
    for (const auto& stripe : chunk.stripes) {
        stripes.push_back({{"devid", stripe.devid}, {"offset", stripe.offset}});
    }
    return {{"type", kind},
            {"profile", profile_json(chunk.type & btrfs::block_group_profile_mask)},
            {"start", chunk.start.bytenr},
            {"length", chunk.length},
            {"stripes", std::move(stripes)}};
}

Json chunks_json(const mkfs::Layout& layout, bool mixed) {
    Json list = Json::array();
    const auto add = [&](const std::vector<Chunk>& chunks, std::string_view kind) {
        for (const auto& chunk : chunks) {
            list.push_back(chunk_json(chunk, kind));
        }
    };
    add(layout.system, "system");
    add(layout.metadata, mixed ? "mixed" : "metadata");
    add(layout.data, mixed ? "mixed" : "data");
    return list;
}

Json filesystem_json(const mkfs::Parameters& parameters) {
    Json json = {{"uuid", uuid_text(parameters.fsid)}};
    set_text(json, "label", parameters.label);
    json.update({{"nodesize", parameters.geometry.nodesize},
                 {"sectorsize", parameters.geometry.sectorsize},
                 {"checksum", btrfs::find_csum_type(static_cast<u16>(parameters.geometry.csum_type))->name},
                 {"data_profile", profile_json(parameters.data_profile)},
                 {"metadata_profile", profile_json(parameters.metadata_profile)},
                 {"mixed", parameters.mixed},
                 {"compression", btrfs::compression_names[static_cast<std::size_t>(parameters.compression.algorithm)]},
                 {"compression_level", parameters.compression.level},
                 {"incompat_flags", flags_json(parameters.geometry.incompat_flags, btrfs::incompat_flag_names)},
                 {"compat_ro_flags", flags_json(parameters.geometry.compat_ro_flags, btrfs::compat_ro_flag_names)},
                 {"quota", parameters.features.quota},
                 {"simple_quota", parameters.features.simple_quota}});
    return json;
}

} // namespace

Json mkfs_json(const MkfsOutcome& outcome) {
    const auto& totals = outcome.plan.totals;
    const auto& layout = outcome.layout();
    const auto* report = outcome.report;
    Json devices = Json::array();
    for (std::size_t i = 0; i < layout.devices.size(); ++i) {
        Json device = {{"devid", i + 1}};
        set_text(device, "path", outcome.targets[i].name());
        device.update({{"uuid", uuid_text(layout.devices[i].uuid)},
                       {"size", layout.devices[i].size_bytes},
                       {"allocated", layout.devices[i].allocated_bytes()}});
        devices.push_back(std::move(device));
    }
    Json document = begin_document(mkfs_document);
    document["dry_run"] = report == nullptr;
    document["filesystem"] = filesystem_json(outcome.plan.parameters);
    document["content"] = {{"inodes", totals.inode_count},
                           {"subvolumes", totals.subvolume_count},
                           {"file_bytes", totals.file_bytes},
                           {"data_bytes", report != nullptr ? report->data_bytes : totals.data_bytes},
                           {"metadata_bytes", report != nullptr ? report->metadata_bytes : totals.metadata_bytes},
                           {"exact", report != nullptr || totals.is_exact}};
    document["devices"] = std::move(devices);
    document["chunks"] = chunks_json(layout, outcome.plan.parameters.mixed);
    document["warnings"] = outcome.plan.warnings;
    return document;
}

} // namespace btrkit::apps
