// SPDX-License-Identifier: MIT
// What `btrfs filesystem usage` prints, tabs and all.
#include "apps/common/text_table.h"
#include "apps/usage/df_report.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

using usage::DeviceSpace;
using usage::ProfileSpace;
using usage::SpaceReport;

namespace {

std::string path_text(const DeviceSpace& device) {
    return device.path.empty() ? "missing" : printable(device.path);
}

u64 bytes_on(const ProfileSpace& profile, const DeviceSpace& device) {
    const auto found = profile.bytes_of_device.find(device.devid);
    return found == profile.bytes_of_device.end() ? 0 : found->second;
}

std::string ratio_text(const std::optional<double>& ratio) {
    return ratio ? fmt::format("{:.2f}", *ratio) : "-";
}

std::string multiple_profiles_text(u64 types, std::size_t width) {
    if (types == 0) {
        return fmt::format("    Multiple profiles:\t\t{:>{}}\n", "no", width);
    }
    std::string names;
    for (const auto& [type, name] :
         {std::pair(btrfs::block_group_data, "data"), std::pair(btrfs::block_group_metadata, "metadata"),
          std::pair(btrfs::block_group_system, "system")}) {
        names += (types & type) == 0 ? "" : (names.empty() ? "" : ", ") + std::string(name);
    }
    return fmt::format("    Multiple profiles:\t\t{:>{}}\t({})\n", "yes", width, names);
}

} // namespace

std::string df_overall_text(const SpaceReport& report, SizeForm sizes) {
    const auto& overall = report.overall;
    const std::size_t width = sizes == SizeForm::raw ? 18 : 10;
    std::string text = "Overall:\n";
    const auto put = [&](std::string_view name, const std::string& value, const std::string& more = {}) {
        text += fmt::format("    {}{:>{}}{}\n", name, value, width, more);
    };
    const auto size = [sizes](u64 bytes) { return size_text(bytes, sizes); };
    put("Device size:\t\t", size(overall.size_bytes));
    put("Device allocated:\t\t", size(overall.allocated_bytes));
    put("Device unallocated:\t\t", signed_size_text(overall.unallocated_bytes, sizes));
    put("Device missing:\t\t", size(overall.missing_bytes));
    put("Device slack:\t\t", size(overall.slack_bytes));
    put("Used:\t\t\t", size(overall.used_bytes));
    put("Free (estimated):\t\t", size(overall.free_estimated_bytes),
        fmt::format("\t(min: {})", size(overall.free_min_bytes)));
    put("Free (statfs, df):\t\t", size(overall.free_statfs_bytes));
    put("Data ratio:\t\t\t", ratio_text(overall.data_ratio));
    put("Metadata ratio:\t\t", ratio_text(overall.metadata_ratio));
    put("Global reserve:\t\t", size(overall.global_reserve_bytes), fmt::format("\t(used: {})", size(0)));
    return text + multiple_profiles_text(overall.multiple_profile_types, width);
}

std::string df_profiles_text(const SpaceReport& report, SizeForm sizes) {
    std::string text;
    for (const auto& profile : report.profiles) {
        const double percent =
            100.0 * static_cast<double>(profile.used_bytes) / static_cast<double>(profile.total_bytes + 1);
        text +=
            fmt::format("{},{}: Size:{}, Used:{} ({:.2f}%)\n", group_type_text(profile.flags), profile.profile().name,
                        size_text(profile.total_bytes, sizes), size_text(profile.used_bytes, sizes), percent);
        for (const auto& device : report.devices) {
            if (const u64 bytes = bytes_on(profile, device); bytes != 0) {
                text += fmt::format("   {}\t{:>10}\n", path_text(device), size_text(bytes, sizes));
            }
        }
        text += "\n";
    }
    text += "Unallocated:\n";
    for (const auto& device : report.devices) {
        text += fmt::format("   {}\t{:>10}\n", path_text(device), signed_size_text(device.unallocated_bytes(), sizes));
    }
    return text;
}

std::string df_table_text(const SpaceReport& report, SizeForm sizes) {
    TextTable table({1});
    std::vector<std::string> types = {"", ""};
    std::vector<std::string> head = {"Id", "Path"};
    for (const auto& profile : report.profiles) {
        types.push_back(group_type_text(profile.flags));
        head.emplace_back(profile.profile().name);
    }
    for (const auto* name : {"Unallocated", "Total", "Slack"}) {
        head.emplace_back(name);
    }
    table.add_row(std::move(types));
    table.add_head(std::move(head));
    std::int64_t unallocated = 0;
    for (const auto& device : report.devices) {
        std::vector<std::string> row = {std::to_string(device.devid), path_text(device)};
        for (const auto& profile : report.profiles) {
            const u64 bytes = bytes_on(profile, device);
            row.push_back(bytes == 0 ? "-" : size_text(bytes, sizes));
        }
        unallocated += device.unallocated_bytes();
        row.push_back(signed_size_text(device.unallocated_bytes(), sizes));
        row.push_back(size_text(device.size_bytes, sizes));
        row.push_back(device.slack_bytes() == 0 ? "-" : size_text(device.slack_bytes(), sizes));
        table.add_row(std::move(row));
    }
    table.add_rule();
    std::vector<std::string> total = {"", "Total"};
    std::vector<std::string> used = {"", "Used"};
    for (const auto& profile : report.profiles) {
        total.push_back(size_text(profile.total_bytes, sizes));
        used.push_back(size_text(profile.used_bytes, sizes));
    }
    total.push_back(signed_size_text(unallocated, sizes));
    total.push_back(size_text(report.overall.size_bytes, sizes));
    total.push_back(size_text(report.overall.slack_bytes, sizes));
    table.add_row(std::move(total));
    table.add_row(std::move(used));
    return table.text();
}

} // namespace btrkit::apps
