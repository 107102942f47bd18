// SPDX-License-Identifier: MIT
#include "apps/usage/du_report.h"
#include "libfs/render/json_text.h"

namespace btrkit::apps {

using usage::FilesReport;
using usage::FileUse;

namespace {

Json kinds_json(const usage::KindUses& kinds) {
    Json list = Json::array();
    for (std::size_t kind = 0; kind < usage::data_kind_count; ++kind) {
        list.push_back({{"kind", usage::data_kind_names[kind]},
                        {"disk_bytes", kinds[kind].disk_bytes},
                        {"uncompressed_bytes", kinds[kind].uncompressed_bytes},
                        {"referenced_bytes", kinds[kind].referenced_bytes}});
    }
    return list;
}

void set_use(Json& object, const FileUse& use) {
    object["files"] = use.file_count;
    object["total_bytes"] = use.total_bytes;
    object["exclusive_bytes"] = use.exclusive_bytes;
    object["set_shared_bytes"] = use.set_shared_bytes;
    object["disk_bytes"] = use.disk_bytes;
    object["sole_disk_bytes"] = use.sole_disk_bytes;
    object["extents"] = use.extent_count;
    object["references"] = use.ref_count;
    object["inline_extents"] = use.inline_count;
    object["fragments"] = use.fragment_count;
    object["files_with_data"] = use.files_with_data;
    object["fragmented_files"] = use.fragmented_files;
    object["wasted_bytes"] = use.wasted_bytes;
    object["kinds"] = kinds_json(use.kinds);
}

/// Null where there is none.
void set_path(Json& object, std::string_view name, const std::string& path) {
    if (path.empty()) {
        object[std::string(name)] = Json();
        object[std::string(name) + "_hex"] = Json();
    } else {
        set_text(object, name, path);
    }
}

Json subvolume_json(const usage::SubvolumeUse& subvolume) {
    Json object{{"tree", subvolume.id}, {"tree_name", objectid_name_json(subvolume.id)}};
    set_path(object, "path", subvolume.path);
    object["deleted"] = subvolume.path.empty();
    set_use(object, subvolume.use);
    object["metadata_bytes"] = subvolume.metadata_bytes;
    object["sole_metadata_bytes"] = subvolume.sole_metadata_bytes;
    return object;
}

Json worst_json(const std::vector<usage::WorstFile>& files, bool has_fragments) {
    Json list = Json::array();
    for (const auto& file : files) {
        Json object{{"tree", file.tree}, {"inode", file.inode}};
        set_path(object, "subvolume", file.subvolume);
        set_path(object, "path", file.path);
        if (has_fragments) {
            object["fragments"] = file.fragment_count;
        }
        object["bytes"] = file.bytes;
        list.push_back(std::move(object));
    }
    return list;
}

} // namespace

std::string du_json(const UsageFlags& flags, const Filesystem& filesystem, const FilesReport& report) {
    auto document = begin_usage_document("usage-du", flags, filesystem);
    document["complete"] = report.is_complete;
    document["lost_blocks"] = report.lost_block_count;
    Json all = Json::object();
    set_use(all, report.all);
    document["all"] = std::move(all);
    auto& subvolumes = document["subvolumes"] = Json::array();
    for (const auto& subvolume : report.subvolumes) {
        subvolumes.push_back(subvolume_json(subvolume));
    }
    auto& paths = document["paths"] = Json::array();
    for (const auto& path : report.paths) {
        Json object = Json::object();
        set_text(object, "path", path.path);
        set_use(object, path.use);
        paths.push_back(std::move(object));
    }
    auto& lines = document["lines"] = Json::array();
    for (const auto& line : report.lines) {
        Json object = Json::object();
        set_text(object, "path", line.path);
        object["directory"] = line.is_directory;
        object["total_bytes"] = line.total_bytes;
        object["exclusive_bytes"] = line.exclusive_bytes;
        lines.push_back(std::move(object));
    }
    document["most_fragmented"] = worst_json(report.most_fragmented, true);
    document["most_wasteful"] = worst_json(report.most_wasteful, false);
    document["partly_seen_extents"] = report.partly_seen_extents;
    document["wasted_bytes"] = report.wasted_bytes;
    return json_text(document);
}

} // namespace btrkit::apps
