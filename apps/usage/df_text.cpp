// SPDX-License-Identifier: MIT
#include "apps/common/text_table.h"
#include "apps/usage/df_report.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

using usage::SizeClasses;
using usage::SpaceReport;

namespace {

std::string name_of(const usage::ProfileSpace& profile) {
    return fmt::format("{},{}", group_type_text(profile.flags), profile.profile().name);
}

std::string fullness_text(const SpaceReport& report) {
    TextTable table({0});
    std::vector<std::string> head = {"", "Groups"};
    for (std::size_t tenth = 0; tenth < usage::fullness_classes; ++tenth) {
        head.push_back(fmt::format("{}%+", tenth * 10));
    }
    table.add_head(std::move(head));
    for (const auto& profile : report.profiles) {
        std::vector<std::string> row = {name_of(profile), std::to_string(profile.group_count)};
        for (const u64 count : profile.groups_by_fullness) {
            row.push_back(count == 0 ? "-" : std::to_string(count));
        }
        table.add_row(std::move(row));
    }
    return "Block groups by how full they are:\n" + table.text();
}

std::string class_text(std::size_t number) {
    return number + 1 == SizeClasses::class_count ? fmt::format(">={}", size_text(SizeClasses::begin_of(number)))
                                                  : fmt::format("<{}", size_text(SizeClasses::end_of(number)));
}

std::string free_text(const SpaceReport& report, SizeForm sizes) {
    TextTable table({0});
    std::vector<std::string> head = {"Size"};
    for (const auto& profile : report.profiles) {
        head.push_back(name_of(profile));
        head.emplace_back("Pieces");
    }
    table.add_head(std::move(head));
    for (std::size_t number = 0; number < SizeClasses::class_count; ++number) {
        std::vector<std::string> row = {class_text(number)};
        bool is_empty = true;
        for (const auto& profile : report.profiles) {
            const auto& found = profile.free.classes()[number];
            is_empty &= found.count == 0;
            row.push_back(found.count == 0 ? "-" : size_text(found.bytes, sizes));
            row.push_back(found.count == 0 ? "-" : std::to_string(found.count));
        }
        if (!is_empty) {
            table.add_row(std::move(row));
        }
    }
    std::vector<std::string> last = {"Largest"};
    for (const auto& profile : report.profiles) {
        last.push_back(size_text(profile.free.largest_bytes(), sizes));
        last.emplace_back("");
    }
    table.add_row(std::move(last));
    return "Free space in block groups, by the size of its pieces:\n" + table.text();
}

std::string trees_text(const SpaceReport& report, SizeForm sizes) {
    TextTable table({0});
    table.add_head({"Tree", "Size", "Of metadata"});
    for (const auto& [tree, bytes] : report.bytes_of_tree) {
        table.add_row({tree == btrfs::fs_tree_id ? "all subvolumes" : objectid_text(tree), size_text(bytes, sizes),
                       percent_text(bytes, report.metadata_bytes)});
    }
    table.add_row({"all trees", size_text(report.metadata_bytes, sizes), ""});
    return "Metadata by tree, one copy of it:\n" + table.text() +
           fmt::format("Beside {} of data in {}: metadata is {} of both\n", size_text(report.data_bytes, sizes),
                       plural(report.data_extent_count, "extent"),
                       percent_text(report.metadata_bytes, report.metadata_bytes + report.data_bytes));
}

} // namespace

std::string df_text(const SpaceReport& report, const DfStyle& style) {
    std::string text = df_overall_text(report, style.sizes) + "\n" +
                       (style.is_table ? df_table_text(report, style.sizes) : df_profiles_text(report, style.sizes));
    if (style.peer_only) {
        return text;
    }
    return text + "\n" + fullness_text(report) + "\n" + free_text(report, style.sizes) + "\n" +
           trees_text(report, style.sizes) +
           fmt::format(
               "\nSmaller by about {} the devices could be (an estimate; btrkit-resize min-size tells exactly)\n",
               size_text(report.shrink_estimate_bytes, style.sizes));
}

} // namespace btrkit::apps
