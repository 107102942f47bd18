// SPDX-License-Identifier: MIT
#include "apps/reading/name_json.h"
#include "apps/stat/stat_report.h"

#include <array>

namespace btrkit::apps {

namespace {

Json extent_json(const stat::ExtentStat& stat) {
    constexpr std::array<const char*, 4> compressions = {"none", "zlib", "lzo", "zstd"};
    constexpr std::array<const char*, 4> kinds = {"hole", "inline", "data", "prealloc"};
    const auto& extent = stat.extent;
    const bool is_stored = extent.kind == ExtentKind::regular || extent.kind == ExtentKind::prealloc;
    const auto compression = static_cast<std::size_t>(extent.compression);
    Json places = Json::array();
    for (const auto& place : stat.places) {
        places.push_back({{"devid", place.devid}, {"offset", place.offset}});
    }
    return {{"kind", kinds[static_cast<std::size_t>(extent.kind)]},
            {"offset", extent.offset},
            {"length", extent.length},
            {"compression", compression < compressions.size() ? Json(compressions[compression]) : Json()},
            {"logical", is_stored ? Json(extent.disk.bytenr) : Json()},
            {"stored_bytes", is_stored ? Json(extent.disk_num_bytes) : Json()},
            {"offset_in_extent", is_stored ? Json(extent.offset_in_extent) : Json()},
            {"references", stat.references ? Json(*stat.references) : Json()},
            {"places", std::move(places)}};
}

} // namespace

std::string stat_json(const StatShown& shown, const stat::Report& report) {
    Json object;
    set_text(object, "path", shown.path);
    object["type"] = file_type_json(file_type_of(report.inode.mode));
    object["tree"] = shown.place.tree.id;
    object["inode"] = report.inode.number;
    set_inode(object, report.inode);
    set_optional_text(object, "target", shown.target);
    auto& names = object["names"] = Json::array();
    for (const auto& path : report.paths) {
        Json name;
        set_text(name, "path", path);
        names.push_back(std::move(name));
    }
    object["names_without_path"] = report.names_without_path;
    auto& xattrs = object["xattrs"] = Json::array();
    for (const auto& [name, value] : report.xattrs) {
        Json xattr;
        set_text(xattr, "name", name);
        set_text(xattr, "value", value);
        xattrs.push_back(std::move(xattr));
    }
    auto& extents = object["extents"] = Json::array();
    for (const auto& extent : report.extents) {
        extents.push_back(extent_json(extent));
    }
    object["has_all_extents"] = report.has_all_extents;
    object["bad_bytes"] = shown.was_verified ? Json(report.bad_bytes) : Json();
    auto& bad = object["bad"] = Json::array();
    for (const auto& range : report.bad) {
        bad.push_back({{"offset", range.begin}, {"length", range.end - range.begin}});
    }
    return json_line(std::move(object));
}

} // namespace btrkit::apps
