// SPDX-License-Identifier: MIT
#include "apps/usage/map_report.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

using usage::MapCell;
using usage::MapReport;

namespace {

char letter_of(const MapCell& cell) {
    if (cell.damage_count > 0) {
        return '!';
    }
    if (cell.allocated_bytes() == 0) {
        return '.';
    }
    char letter = 'D';
    if (cell.system_bytes > std::max(cell.data_bytes, cell.metadata_bytes)) {
        letter = 'S';
    } else if (cell.metadata_bytes > cell.data_bytes) {
        letter = 'M';
    }
    return cell.used_bytes * 2 < cell.allocated_bytes() ? static_cast<char>(letter - 'A' + 'a') : letter;
}

} // namespace

std::string map_text(const MapReport& report, SizeForm sizes) {
    constexpr std::size_t row_cells = 64;
    std::string text;
    for (const auto& device : report.devices) {
        text += fmt::format("Device {}: {}, {}, a letter is {}\n", device.devid,
                            device.path.empty() ? "missing" : printable(device.path),
                            size_text(device.size_bytes, sizes), size_text(device.cell_bytes, sizes));
        for (std::size_t begin = 0; begin < device.cells.size(); begin += row_cells) {
            text += fmt::format("{:>12} ", size_text(begin * device.cell_bytes, sizes));
            for (std::size_t number = begin; number < std::min(begin + row_cells, device.cells.size()); ++number) {
                text += letter_of(device.cells[number]);
            }
            text += "\n";
        }
    }
    return text + "D data, M metadata, S system; small: less than half of it is used; . given to none; ! damaged\n";
}

} // namespace btrkit::apps
