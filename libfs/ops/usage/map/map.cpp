// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/map/map.h"

#include <cmath>

namespace btrkit::usage {

namespace {

/// Whole rows, by the device's share of all bytes.
std::vector<MapDevice> empty_cells(const SpaceReport& space, const MapOptions& options) {
    double total = 0;
    for (const auto& device : space.devices) {
        total += static_cast<double>(device.size_bytes);
    }
    std::vector<MapDevice> devices;
    for (const auto& device : space.devices) {
        if (devices.size() == most_map_devices) {
            break;
        }
        const double share = total == 0 ? 0 : static_cast<double>(device.size_bytes) / total;
        const auto rows = static_cast<std::size_t>(
            std::max(1.0, std::floor(share * static_cast<double>(options.most_cells / options.row_cells))));
        const u64 cell_bytes = std::max<u64>(1, device.size_bytes / (rows * options.row_cells) + 1);
        // Cells begin with whole sectors, and small devices have fewer of them.
        constexpr u64 least_cell_bytes = u64{64} << 10;
        const u64 whole_cell_bytes = (cell_bytes + least_cell_bytes - 1) / least_cell_bytes * least_cell_bytes;
        MapDevice drawn{.devid = device.devid,
                        .path = device.path,
                        .size_bytes = device.size_bytes,
                        .cell_bytes = whole_cell_bytes};
        drawn.cells.resize(device.size_bytes / whole_cell_bytes + (device.size_bytes % whole_cell_bytes == 0 ? 0 : 1));
        devices.push_back(std::move(drawn));
    }
    return devices;
}

} // namespace

Result<MapReport> draw_map(const Filesystem& filesystem, const MapOptions& options, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(auto measured, measure_space_in_parts(filesystem, context));
    MapReport report{.space = std::move(measured.report)};
    report.devices = empty_cells(report.space, options);
    place_chunks(measured.facts, report.devices);
    place_superblocks(report.devices);
    report.unplaced_damage_count = place_damages(filesystem, options.damages, report.devices);
    report.newest_generation = filesystem.geometry().generation;
    report.oldest_generation = report.newest_generation;
    for (const auto& device : report.devices) {
        for (const auto& cell : device.cells) {
            report.most_pieces = std::max(report.most_pieces, cell.piece_count);
            if (cell.used_bytes > 0) {
                report.oldest_generation = std::min(report.oldest_generation, static_cast<u64>(cell.generation()));
            }
        }
    }
    return report;
}

} // namespace btrkit::usage
