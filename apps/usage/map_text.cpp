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

constexpr std::size_t row_cells = 64;

/// Rows without anything behind another one are a star, as in hexdump(1).
std::string rows_text(const usage::MapDevice& device, SizeForm sizes) {
    std::string text;
    std::string before;
    for (std::size_t begin = 0; begin < device.cells.size(); begin += row_cells) {
        std::string row;
        for (std::size_t number = begin; number < std::min(begin + row_cells, device.cells.size()); ++number) {
            row += letter_of(device.cells[number]);
        }
        const bool is_empty = row.find_first_not_of('.') == std::string::npos;
        const bool is_last = begin + row_cells >= device.cells.size();
        if (!is_empty || is_last || row != before) {
            text += fmt::format("{:<10} {}\n", size_text(begin * device.cell_bytes, sizes), row);
        } else if (!text.ends_with("*\n")) {
            text += "*\n";
        }
        before = std::move(row);
    }
    return text;
}

} // namespace

std::string map_text(const MapReport& report, SizeForm sizes) {
    std::string text;
    for (const auto& device : report.devices) {
        text += fmt::format("Device {}: {}, {}, a letter is {}\n", device.devid,
                            device.path.empty() ? "missing" : printable(device.path),
                            size_text(device.size_bytes, sizes), size_text(device.cell_bytes, sizes));
        text += rows_text(device, sizes);
    }
    return text + "D data, M metadata, S system; small: less than half of it is used; . given to none; ! damaged\n";
}

} // namespace btrkit::apps
