// SPDX-License-Identifier: MIT
#include "apps/usage/page/map_svg.h"

#include "apps/common/sizes.h"
#include "apps/usage/page/markup.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace btrkit::apps {

using usage::MapCell;
using usage::MapDevice;
using usage::MapReport;

namespace {

constexpr unsigned left = 86; ///< room for offsets
constexpr unsigned cell_width = 7;
constexpr unsigned cell_height = 15;
constexpr unsigned row_height = 17;
constexpr unsigned device_gap = 46; ///< with its heading
constexpr unsigned right_margin = 12;

struct HeatName {
    std::string_view word;
    Heat heat;
    std::string_view meaning;
};
constexpr std::array heat_names = std::to_array<HeatName>({
    {"fill", Heat::fill, "strong: full, faint: empty"},
    {"age", Heat::age, "strong: written lately, faint: long ago"},
    {"pieces", Heat::pieces, "strong: many pieces, faint: few"},
});

struct CellKind {
    std::string_view css;
    std::string_view name;
};
constexpr std::array kinds = std::to_array<CellKind>({
    {"d", "data"},
    {"m", "metadata"},
    {"s", "system"},
});

/// Of the type that has most of the cell.
const CellKind& kind_of(const MapCell& cell) {
    if (cell.system_bytes > std::max(cell.data_bytes, cell.metadata_bytes)) {
        return kinds[2];
    }
    return cell.metadata_bytes > cell.data_bytes ? kinds[1] : kinds[0];
}

double bounded(double value) {
    return std::isfinite(value) ? std::clamp(value, 0.0, 1.0) : 0;
}

/// A number as short as two digits make it.
std::string strength_text(double heat) {
    constexpr double faintest = 0.12; // what is given to chunks is never as if it were not
    return fmt::format("{:.2f}", faintest + (1 - faintest) * bounded(heat));
}

class Picture {
public:
    Picture(const MapReport& report, const PageStyle& style, bool is_alone)
        : report_(report), style_(style), is_alone_(is_alone) {
        for (const auto& device : report.devices) {
            // Whole rows, as draw_map() makes them.
            row_cells_ = std::max(row_cells_, std::min<std::size_t>(device.cells.size(), 128));
        }
    }

    std::string draw() {
        unsigned y = 0;
        if (is_alone_) {
            y += 26;
            body_ += fmt::format(R"(<text class="h" x="8" y="{}">{}</text>)"
                                 "\n",
                                 y - 6, markup_text("btrfs, " + style_.label));
        }
        y = draw_legend(y);
        for (const auto& device : report_.devices) {
            y = draw_device(device, y);
        }
        const std::size_t width = left + row_cells_ * cell_width + right_margin;
        return fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" class="map {}" viewBox="0 0 {} {}" )"
                           R"(font-family="system-ui,sans-serif" role="img"{}>)"
                           "\n",
                           heat_word(style_.heat), std::max<std::size_t>(width, 760), y + 10,
                           is_alone_ ? R"x( preserveAspectRatio="xMidYMin" style="background:var(--page)")x" : "") +
               "<title>What lies where on the devices</title>\n" +
               (is_alone_ ? "<style>" + map_css() + "</style>\n" : "") + body_ + "</svg>\n";
    }

private:
    unsigned draw_legend(unsigned y) {
        unsigned x = 8;
        const auto put = [&](std::string_view css, std::string_view name, unsigned room) {
            body_ += fmt::format(R"(<rect class="{}" x="{}" y="{}" width="12" height="12"/>)"
                                 R"(<text x="{}" y="{}">{}</text>)"
                                 "\n",
                                 css, x, y + 8, x + 17, y + 18, name);
            x += room;
        };
        put("d", "data", 62);
        put("m", "metadata", 88);
        put("s", "system", 74);
        put("free", "not given to any", 128);
        body_ += fmt::format(R"(<path class="super" d="M{} {}l4 4l-4 4l-4 -4z"/><text x="{}" y="{}">superblock</text>)"
                             "\n",
                             x + 6, y + 10, x + 17, y + 18);
        x += 96;
        if (style_.has_damages) {
            put("bad", "damaged", 82);
        }
        for (const auto& heat : heat_names) {
            body_ += fmt::format(R"(<text class="about {}" x="{}" y="{}">{}</text>)"
                                 "\n",
                                 heat.word, x, y + 18, heat.meaning);
        }
        return y + 26;
    }

    unsigned draw_device(const MapDevice& device, unsigned y) {
        const std::string path = device.path.empty() ? "missing" : markup_text(device.path);
        body_ += fmt::format(R"(<text class="b" x="8" y="{}">Device {}: {}</text>)"
                             R"(<text class="about on" x="{}" y="{}" text-anchor="end">{}, a cell is {}</text>)"
                             "\n",
                             y + 28, device.devid, path, left + row_cells_ * cell_width, y + 28,
                             size_text(device.size_bytes), size_text(device.cell_bytes));
        y += device_gap - 8;
        for (std::size_t begin = 0; begin < device.cells.size(); begin += row_cells_) {
            draw_row(device, begin, y);
            y += row_height;
        }
        return y;
    }

    void draw_row(const MapDevice& device, std::size_t begin, unsigned y) {
        body_ += fmt::format(R"(<text class="at" x="{}" y="{}" text-anchor="end">{}</text>)"
                             "\n",
                             left - 8, y + 12, size_text(begin * device.cell_bytes));
        const std::size_t end = std::min(begin + row_cells_, device.cells.size());
        for (std::size_t number = begin; number < end;) {
            std::size_t count = 1;
            if (is_free(device.cells[number])) {
                while (number + count < end && is_free(device.cells[number + count])) {
                    ++count;
                }
                draw_free(device, number, count, left + (number - begin) * cell_width, y);
            } else {
                draw_cell(device, number, left + (number - begin) * cell_width, y);
            }
            draw_marks(device, number, count, begin, y);
            number += count;
        }
    }

    static bool is_free(const MapCell& cell) { return cell.allocated_bytes() == 0; }

    static std::string range_text(const MapDevice& device, std::size_t number, std::size_t count) {
        const u64 start = number * device.cell_bytes;
        const u64 end = std::min(device.size_bytes, start + count * device.cell_bytes);
        return fmt::format("{} to {}", size_text(start), size_text(end));
    }

    void draw_free(const MapDevice& device, std::size_t number, std::size_t count, std::size_t x, unsigned y) {
        body_ +=
            fmt::format(R"(<rect class="free" x="{}" y="{}" width="{}" height="{}"><title>{}: not given to any block )"
                        "group</title></rect>\n",
                        x, y, count * cell_width - 1, cell_height, range_text(device, number, count));
    }

    void draw_cell(const MapDevice& device, std::size_t number, std::size_t x, unsigned y) {
        const auto& cell = device.cells[number];
        const double allocated = cell.allocated_bytes();
        const double fill = cell.used_bytes / allocated;
        const auto generations = static_cast<double>(report_.newest_generation - report_.oldest_generation);
        const double age =
            generations == 0 ? 1 : (cell.generation() - static_cast<double>(report_.oldest_generation)) / generations;
        // Pieces differ by orders of magnitude.
        const double pieces =
            report_.most_pieces <= 1 ? 0 : std::log1p(cell.piece_count) / std::log1p(report_.most_pieces);
        body_ += fmt::format(
            R"(<rect class="{}" x="{}" y="{}" width="{}" height="{}" style="--f:{};--a:{};--p:{}"><title>{}</title></rect>)"
            "\n",
            kind_of(cell).css, x, y, cell_width - 1, cell_height, strength_text(fill),
            strength_text(cell.used_bytes == 0 ? 0 : age), strength_text(pieces), cell_title(device, number));
    }

    static std::string cell_title(const MapDevice& device, std::size_t number) {
        const auto& cell = device.cells[number];
        std::string text = range_text(device, number, 1) + ":";
        const auto put = [&](double bytes, std::string_view name) {
            if (bytes > 0) {
                text += fmt::format(" {} {}", size_text(static_cast<u64>(bytes)), name);
            }
        };
        put(cell.data_bytes, "data");
        put(cell.metadata_bytes, "metadata");
        put(cell.system_bytes, "system");
        text += fmt::format("; {:.0f}% used", 100 * bounded(cell.used_bytes / cell.allocated_bytes()));
        if (cell.used_bytes > 0) {
            text += fmt::format("; generation {:.0f}", cell.generation());
        }
        return text + fmt::format("; {:.0f} pieces", cell.piece_count);
    }

    void draw_marks(const MapDevice& device, std::size_t first, std::size_t count, std::size_t begin, unsigned y) {
        for (std::size_t number = first; number < first + count; ++number) {
            const auto& cell = device.cells[number];
            const std::size_t x = left + (number - begin) * cell_width;
            if (cell.has_superblock) {
                body_ +=
                    fmt::format(R"(<path class="super" d="M{} {}l3 4l-3 4l-3 -4z"><title>superblock</title></path>)"
                                "\n",
                                x + 3, y + 4);
            }
            if (cell.damage_count > 0) {
                body_ +=
                    fmt::format(R"(<rect class="bad" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>)"
                                "\n",
                                x, y, cell_width - 1, cell_height, range_text(device, number, 1),
                                plural(cell.damage_count, "finding"));
            }
        }
    }

    const MapReport& report_;
    const PageStyle& style_;
    bool is_alone_;
    std::size_t row_cells_ = 1;
    std::string body_;
};

} // namespace

std::optional<Heat> parse_heat(std::string_view word) {
    const auto* const found = std::ranges::find(heat_names, word, &HeatName::word);
    return found == heat_names.end() ? std::nullopt : std::optional(found->heat);
}

std::string_view heat_word(Heat heat) {
    return std::ranges::find(heat_names, heat, &HeatName::heat)->word;
}

std::string map_picture(const MapReport& report, const PageStyle& style, bool is_alone) {
    return Picture(report, style, is_alone).draw();
}

std::string map_svg(const MapReport& report, const PageStyle& style) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + map_picture(report, style, true);
}

} // namespace btrkit::apps
