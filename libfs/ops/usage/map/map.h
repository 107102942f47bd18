// SPDX-License-Identifier: MIT
// Where on the devices everything lies: as a row of equal cells for each device, bounded in number.
//
//   1. One look at the extent tree (space/space_scan.h): what every part of every chunk holds.
//   2. Cells for each device, as many as its share of all bytes is worth.
//   3. Each part of a chunk goes into the cells in which its stripes lie (place_chunks.cpp).
//   4. Superblocks, and damage that a check has found, are marked (place_marks.cpp).
#pragma once

#include "libfs/ops/usage/space/space.h"

namespace btrkit::usage {

/// What lies in a stretch of a device. Amounts are exact for profiles without stripes; in striped ones, what is in a
/// part of a chunk is taken to lie evenly in that part of each stripe.
struct MapCell {
    double data_bytes = 0; ///< given to chunks of data; of mixed chunks too
    double metadata_bytes = 0;
    double system_bytes = 0;
    double used_bytes = 0;
    double generation_bytes = 0; ///< generation of what is used, times its bytes
    double piece_count = 0;      ///< extents and free ranges that begin here
    bool has_superblock = false;
    u64 damage_count = 0;

    double allocated_bytes() const { return data_bytes + metadata_bytes + system_bytes; }
    /// Mean of what is used here; 0 where nothing is.
    double generation() const { return used_bytes == 0 ? 0 : generation_bytes / used_bytes; }
};

struct MapDevice {
    u64 devid = 0;
    std::string path; ///< empty: it was not given
    u64 size_bytes = 0;
    u64 cell_bytes = 0; ///< the last cell may be shorter
    std::vector<MapCell> cells;
};

/// Where something is damaged. Either place may be left out.
struct DamagedPlace {
    std::optional<u64> logical = {};
    u64 length_bytes = 1;                ///< from logical on
    std::optional<unsigned> mirror = {}; ///< nothing: all
    std::string device = {};             ///< its path
    std::optional<u64> physical = {};    ///< on that device
};

struct MapOptions {
    std::size_t most_cells = 2048; ///< of all devices together, but for one row each
    std::size_t row_cells = 128;   ///< each device has whole rows of them
    std::vector<DamagedPlace> damages = {};
};

/// No more devices are drawn.
inline constexpr std::size_t most_map_devices = 64;

struct MapReport {
    SpaceReport space;
    std::vector<MapDevice> devices; ///< by devid; the first most_map_devices of them
    double most_pieces = 0;         ///< in any cell
    u64 oldest_generation = 0;      ///< of any cell that has something
    u64 newest_generation = 0;      ///< of the filesystem
    u64 unplaced_damage_count = 0;  ///< damages that lie on no device that is drawn
};

/// Fails as measure_space().
Result<MapReport> draw_map(const Filesystem& filesystem, const MapOptions& options, const RunContext& context);

/// The steps 3 and 4.
void place_chunks(const SpaceFacts& facts, std::vector<MapDevice>& devices);
void place_superblocks(std::vector<MapDevice>& devices);
/// Returns how many could not be placed.
u64 place_damages(const Filesystem& filesystem, std::span<const DamagedPlace> damages, std::vector<MapDevice>& devices);

} // namespace btrkit::usage
