// SPDX-License-Identifier: MIT
#include "apps/subvolume/show_text.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"
#include "libfs/render/local_time.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

using subvolume::SubvolumeInfo;

/// The peer tells paths from the top without the slash before them.
std::string path_text(const SubvolumeInfo& subvolume) {
    return printable(subvolume.path.starts_with('/') ? std::string_view(subvolume.path).substr(1)
                                                     : std::string_view(subvolume.path));
}

std::string uuid_or_dash(const btrfs::Uuid& uuid) {
    return uuid.is_null() ? "-" : uuid_text(uuid);
}

std::string time_or_dash(const btrfs::Timespec& time) {
    return time.sec == 0 ? "-" : time_text_with_zone(static_cast<std::int64_t>(u64{time.sec}));
}

std::string limit_or_dash(u64 limit_bytes) {
    return limit_bytes == 0 ? "-" : size_text(limit_bytes);
}

} // namespace

std::string show_text(const subvolume::ShowReport& report) {
    const auto& subvolume = report.subvolume;
    const auto& item = subvolume.root.item;
    const bool is_top = subvolume.id() == btrfs::fs_tree_id;
    std::string text = (is_top ? "/" : path_text(subvolume)) + "\n";
    const auto put = [&text](std::string_view name, const auto& value) {
        text += fmt::format("\t{}{}\n", name, value);
    };
    put("Name: \t\t\t", is_top ? "<FS_TREE>" : printable(subvolume.name()));
    put("UUID: \t\t\t", uuid_or_dash(item.uuid));
    put("Parent UUID: \t\t", uuid_or_dash(item.parent_uuid));
    put("Received UUID: \t\t", uuid_or_dash(item.received_uuid));
    put("Creation time: \t\t", time_or_dash(item.otime));
    put("Subvolume ID: \t\t", subvolume.id());
    put("Generation: \t\t", u64{item.generation});
    put("Gen at creation: \t", u64{item.otransid});
    put("Parent ID: \t\t", subvolume.parent_id);
    put("Top level ID: \t\t", subvolume.parent_id);
    put("Flags: \t\t\t", subvolume.is_read_only() ? "readonly" : "-");
    put("Send transid: \t\t", u64{item.stransid});
    put("Send time: \t\t", time_or_dash(item.stime));
    put("Receive transid: \t", u64{item.rtransid});
    put("Receive time: \t\t", time_or_dash(item.rtime));
    put("Snapshot(s):", "");
    for (const auto& snapshot : report.snapshots) {
        put("\t\t\t", path_text(snapshot));
    }
    if (!report.quota) {
        put("Quota group:\t\t", "n/a");
        return text;
    }
    put("Quota group:\t\t", fmt::format("0/{}", subvolume.id()));
    put("  Limit referenced:\t", limit_or_dash(report.quota->most_referenced_bytes));
    put("  Limit exclusive:\t", limit_or_dash(report.quota->most_exclusive_bytes));
    put("  Usage referenced:\t", size_text(report.quota->referenced_bytes));
    put("  Usage exclusive:\t", size_text(report.quota->exclusive_bytes));
    return text;
}

std::string default_text(const subvolume::SubvolumeInfo& subvolume) {
    if (subvolume.id() == btrfs::fs_tree_id) {
        return "ID 5 (FS_TREE)\n";
    }
    return fmt::format("ID {} gen {} top level {} path {}\n", subvolume.id(), u64{subvolume.root.item.generation},
                       subvolume.parent_id, path_text(subvolume));
}

} // namespace btrkit::apps
