// SPDX-License-Identifier: MIT
#include "apps/usage/map_report.h"
#include "libfs/render/json_text.h"

#include <cmath>

namespace btrkit::apps {

namespace {

u64 rounded(double value) {
    return static_cast<u64>(std::llround(value));
}

Json cell_json(const usage::MapCell& cell, std::size_t number, u64 cell_bytes) {
    return {{"offset", number * cell_bytes},
            {"data_bytes", rounded(cell.data_bytes)},
            {"metadata_bytes", rounded(cell.metadata_bytes)},
            {"system_bytes", rounded(cell.system_bytes)},
            {"used_bytes", rounded(cell.used_bytes)},
            {"generation", cell.used_bytes == 0 ? Json() : Json(rounded(cell.generation()))},
            {"pieces", rounded(cell.piece_count)},
            {"superblock", cell.has_superblock},
            {"damages", cell.damage_count}};
}

} // namespace

std::string map_json(const UsageFlags& flags, const Filesystem& filesystem, const usage::MapReport& report) {
    auto document = begin_usage_document("usage-map", flags, filesystem);
    document["complete"] = report.space.is_complete;
    document["newest_generation"] = report.newest_generation;
    document["unplaced_damages"] = report.unplaced_damage_count;
    auto& devices = document["devices"] = Json::array();
    for (const auto& device : report.devices) {
        Json object{{"devid", device.devid}};
        if (device.path.empty()) {
            object["path"] = Json();
            object["path_hex"] = Json();
        } else {
            set_text(object, "path", device.path);
        }
        object["size_bytes"] = device.size_bytes;
        object["cell_bytes"] = device.cell_bytes;
        auto& cells = object["cells"] = Json::array();
        for (std::size_t number = 0; number < device.cells.size(); ++number) {
            cells.push_back(cell_json(device.cells[number], number, device.cell_bytes));
        }
        devices.push_back(std::move(object));
    }
    return json_text(document);
}

} // namespace btrkit::apps
