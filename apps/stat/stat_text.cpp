// SPDX-License-Identifier: MIT
#include "apps/reading/file_text.h"
#include "apps/stat/stat_report.h"
#include "formats/btrfs/flags.h"
#include "libfs/base/names.h"

#include <array>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::apps {

namespace {

constexpr std::array<const char*, 4> compression_words = {"", "zlib", "lzo", "zstd"};

std::string kind_text(const FileExtent& extent) {
    const auto compression = static_cast<std::size_t>(extent.compression);
    std::string text;
    switch (extent.kind) {
    case ExtentKind::hole: return "hole";
    case ExtentKind::inline_data: text = "inline"; break;
    case ExtentKind::regular: text = "data"; break;
    case ExtentKind::prealloc: return "prealloc";
    }
    return extent.is_compressed() && compression < compression_words.size()
               ? fmt::format("{},{}", text, compression_words[compression])
               : text;
}

std::string extent_text(const stat::ExtentStat& stat) {
    const auto& extent = stat.extent;
    std::string text = fmt::format("{:>14} {:>12} {:<10}", extent.offset, extent.length, kind_text(extent));
    if (extent.kind == ExtentKind::regular || extent.kind == ExtentKind::prealloc) {
        text += fmt::format(" {:>14} {:>10} +{:<8} {:>4} ", extent.disk.bytenr, extent.disk_num_bytes,
                            extent.offset_in_extent, stat.references ? std::to_string(*stat.references) : "?");
        for (const auto& place : stat.places) {
            text += fmt::format(" {}:{}", place.devid, place.offset);
        }
    }
    return text + "\n";
}

std::string extents_text(const stat::Report& report) {
    std::string text = fmt::format("{:>14} {:>12} {:<10} {:>14} {:>10} {:<9} {:>4}  {}\n", "Offset", "Length", "Extent",
                                   "Logical", "Stored", "From", "Refs", "Places");
    for (const auto& extent : report.extents) {
        text += extent_text(extent);
    }
    return report.has_all_extents ? text : text + "    not all extents are told\n";
}

std::string flags_text(u64 flags) {
    TextBuffer text;
    put_flags(text, flags, btrfs::inode_flag_names);
    return text.empty() ? "none" : std::string(text.view());
}

} // namespace

std::string stat_text(const StatShown& shown, const stat::Report& report) {
    const auto& inode = report.inode;
    std::string text = fmt::format("  Path: {}", printable(shown.path));
    if (shown.target) {
        text += fmt::format(" -> {}", printable(*shown.target));
    }
    text += fmt::format("\n Inode: {} of subvolume {}, generation {}, changed in {}, sequence {}\n", inode.number,
                        shown.place.tree.id, inode.generation, inode.transid, inode.sequence);
    text += fmt::format("Access: {:04o}/{}  Uid: {}  Gid: {}  Links: {}\n", inode.mode & 07777U, mode_text(inode.mode),
                        inode.uid, inode.gid, inode.nlink);
    text += fmt::format("  Size: {}  Stored: {}", inode.size, inode.nbytes);
    if (S_ISCHR(inode.mode) || S_ISBLK(inode.mode)) {
        text += fmt::format("  Device: {},{}", inode.device_major, inode.device_minor);
    }
    text += fmt::format("\n Flags: {}\n", flags_text(inode.flags));
    for (const auto& [name, time] : {std::pair("Access", inode.atime), std::pair("Modify", inode.mtime),
                                     std::pair("Change", inode.ctime), std::pair(" Birth", inode.otime)}) {
        text += fmt::format("{}: {}\n", name, full_time_text(time));
    }
    for (const auto& path : report.paths) {
        text += fmt::format("  Name: {}\n", printable(path));
    }
    if (report.names_without_path > 0) {
        text += fmt::format("        {} names in directories that can't be found\n", report.names_without_path);
    }
    for (const auto& [name, value] : report.xattrs) {
        text += fmt::format("  Attr: {}=\"{}\"\n", printable(name), printable(value));
    }
    if (!report.extents.empty()) {
        text += extents_text(report);
    }
    if (shown.was_verified) {
        text += report.bad_bytes == 0 ? "Verified: all of it is proven\n"
                                      : fmt::format("Verified: {} bytes are bad\n", report.bad_bytes);
    }
    return text;
}

} // namespace btrkit::apps
