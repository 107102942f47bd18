// SPDX-License-Identifier: MIT
#include "apps/common/text_table.h"
#include "apps/usage/du_report.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

using usage::FilesReport;
using usage::FileUse;
using usage::WorstFile;

namespace {

std::string line_text(const std::string& total, const std::string& exclusive, const std::string& set_shared,
                      const std::string& path) {
    return fmt::format("{:>10}  {:>10}  {:>10}  {}\n", total, exclusive, set_shared, path);
}

std::string place_text(const WorstFile& file) {
    const std::string subvolume = file.subvolume == "/" ? "" : file.subvolume;
    const std::string path = file.path.empty() ? fmt::format("<inode {}>", file.inode) : file.path;
    return printable(file.subvolume.empty() ? fmt::format("<deleted {}>{}", file.tree, path) : subvolume + path);
}

std::string fragments_text(const FilesReport& report, SizeForm sizes) {
    const auto& all = report.all;
    std::string text = fmt::format("Fragments: {} in {}, {} of them in more than one\n", all.fragment_count,
                                   plural(all.files_with_data, "file"), all.fragmented_files);
    TextTable table({2});
    for (const auto& file : report.most_fragmented) {
        table.add_row({fmt::format("  {}", file.fragment_count), size_text(file.bytes, sizes), place_text(file)});
    }
    return text + table.text();
}

std::string waste_text(const FilesReport& report, SizeForm sizes) {
    std::string text =
        fmt::format("Seen by no one: {} in {} of which files still have a part (of the whole filesystem)\n",
                    size_text(report.wasted_bytes, sizes), plural(report.partly_seen_extents, "extent"));
    TextTable table({1});
    for (const auto& file : report.most_wasteful) {
        table.add_row({"  " + size_text(file.bytes, sizes), place_text(file)});
    }
    return text + table.text();
}

std::string gain_text(const FilesReport& report, SizeForm sizes) {
    const auto& all = report.all;
    return fmt::format("Defragmenting could join {} and give back up to {}; what is shared would be copied "
                       "(an estimate)\n",
                       plural(all.fragment_count - std::min(all.fragment_count, all.files_with_data), "fragment"),
                       size_text(all.wasted_bytes, sizes));
}

} // namespace

std::string du_lines_text(const FilesReport& report, SizeForm sizes) {
    const auto size = [sizes](u64 bytes) { return size_text(bytes, sizes); };
    std::string text = line_text("Total", "Exclusive", "Set shared", "Filename");
    std::size_t next = 0;
    const auto put_path = [&](const usage::PathUse& path) {
        text += line_text(size(path.use.total_bytes), size(path.use.exclusive_bytes), size(path.use.set_shared_bytes),
                          printable(path.path));
    };
    if (report.lines.empty()) {
        std::ranges::for_each(report.paths, put_path);
        return text;
    }
    // The line of a path itself is the last of its own.
    for (const auto& path : report.paths) {
        for (; next < report.lines.size() && report.lines[next].path != path.path; ++next) {
            const auto& line = report.lines[next];
            text += line_text(size(line.total_bytes), size(line.exclusive_bytes), "-", printable(line.path));
        }
        put_path(path);
        ++next;
    }
    return text;
}

std::string du_subvolumes_text(const FilesReport& report, SizeForm sizes) {
    const auto size = [sizes](u64 bytes) { return size_text(bytes, sizes); };
    TextTable table({7});
    table.add_head({"Total", "Exclusive", "Set shared", "On disk", "Its alone", "Metadata", "Files", "Subvolume"});
    for (const auto& subvolume : report.subvolumes) {
        const auto& use = subvolume.use;
        table.add_row({size(use.total_bytes), size(use.exclusive_bytes), size(use.set_shared_bytes),
                       size(use.disk_bytes), size(use.sole_disk_bytes), size(subvolume.metadata_bytes),
                       std::to_string(use.file_count),
                       subvolume.path.empty() ? fmt::format("<deleted {}>", subvolume.id) : printable(subvolume.path)});
    }
    const auto& all = report.all;
    table.add_row({size(all.total_bytes), size(all.exclusive_bytes), size(all.set_shared_bytes), size(all.disk_bytes),
                   size(all.sole_disk_bytes), "", std::to_string(all.file_count), "(all together)"});
    return table.text();
}

std::string du_kinds_text(const FileUse& use, SizeForm sizes) {
    std::string text = fmt::format("{} files, {} regular extents ({} refs), {} inline, {} fragments\n", use.file_count,
                                   use.extent_count, use.ref_count, use.inline_count, use.fragment_count);
    TextTable table({0});
    table.add_head({"Type", "Perc", "Disk Usage", "Uncompressed", "Referenced"});
    const auto put = [&](std::string_view name, const usage::KindUse& kind) {
        table.add_row({std::string(name), percent_text(kind.disk_bytes, kind.uncompressed_bytes),
                       size_text(kind.disk_bytes, sizes), size_text(kind.uncompressed_bytes, sizes),
                       size_text(kind.referenced_bytes, sizes)});
    };
    usage::KindUse all;
    for (const auto& kind : use.kinds) {
        all += kind;
    }
    put("TOTAL", all);
    for (std::size_t kind = 0; kind < usage::data_kind_count; ++kind) {
        if (use.kinds[kind].referenced_bytes != 0 || use.kinds[kind].disk_bytes != 0) {
            put(usage::data_kind_names[kind], use.kinds[kind]);
        }
    }
    return text + table.text();
}

std::string du_text(const FilesReport& report, const DuStyle& style) {
    std::string text =
        report.paths.empty() ? du_subvolumes_text(report, style.sizes) : du_lines_text(report, style.sizes);
    if (style.lines_only) {
        return text;
    }
    return text + "\n" + du_kinds_text(report.all, style.sizes) + "\n" + fragments_text(report, style.sizes) + "\n" +
           waste_text(report, style.sizes) + "\n" + gain_text(report, style.sizes);
}

} // namespace btrkit::apps
