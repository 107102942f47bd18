// SPDX-License-Identifier: MIT
#include "apps/common/group_type_text.h"
#include "apps/common/sizes.h"
#include "apps/common/text_table.h"
#include "apps/resolve/address_report.h"
#include "libfs/base/names.h"

#include <set>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::string chunk_text(const Chunk& chunk) {
    return fmt::format("chunk {}, {} from {} on",
                       fmt::format("{},{}", group_type_text(chunk.type), chunk.profile().name), size_text(chunk.length),
                       chunk.start.bytenr);
}

std::string_view use_text(resolve::Use use) {
    switch (use) {
    case resolve::Use::free: return "free: no extent has it";
    case resolve::Use::data: return "data";
    case resolve::Use::block: return "a tree block";
    case resolve::Use::unknown: break;
    }
    return "not known: the extent tree can't be read there";
}

std::string block_text(const resolve::BlockContent& block) {
    return fmt::format("Tree block: of tree {}, level {}, generation {}, {}{}\n", objectid_text(block.owner),
                       block.level, block.generation, plural(block.item_count, block.level == 0 ? "item" : "pointer"),
                       block.first_key ? ", first key " + key_text(*block.first_key) : "");
}

std::string extent_text(const Extent& extent) {
    return fmt::format("Extent: {} from {} on, {}, generation {}\n", extent.length_bytes, extent.bytenr,
                       plural(extent.refs, "reference"), extent.generation);
}

/// Where in the file the address is, or, where it is compressed, what of the file.
std::string where_in_file(const survey::FilePlace& file, Logical at) {
    const u64 begin = file.extent.start + file.extent_offset_bytes;
    if (file.compression == 0 && at.bytenr >= begin && at.bytenr - begin < file.length_bytes) {
        return std::to_string(file.file_offset + (at.bytenr - begin));
    }
    return fmt::format("{}+{}", file.file_offset, file.length_bytes);
}

std::string path_or_none(const survey::FilePlace& file) {
    return file.path.empty() ? "(no name can be found)" : printable(full_path(file.subvolume, file.path));
}

std::string files_text(const resolve::AddressReport& report) {
    if (report.files.empty()) {
        return report.has_all && report.use == resolve::Use::data ? "No file refers to it\n" : "";
    }
    TextTable table({3});
    table.add_row({"Subvolume", "Inode", "Offset", "Path"});
    for (const auto& file : report.files) {
        table.add_row({std::to_string(file.tree), std::to_string(file.inode), where_in_file(file, report.at),
                       path_or_none(file)});
    }
    return table.text();
}

} // namespace

std::string full_path(const std::string& subvolume, const std::string& path) {
    return subvolume == "/" ? path : path == "/" ? subvolume : subvolume + path;
}

std::string address_text(const resolve::AddressReport& report) {
    if (report.chunk == nullptr) {
        return fmt::format("Address: {}, in no chunk\n", report.at.bytenr);
    }
    std::string text = fmt::format("Address: {}, {}\n", report.at.bytenr, use_text(report.use));
    text += fmt::format("In: {}\n", chunk_text(*report.chunk));
    text += "On devices:";
    for (const auto& place : report.places) {
        text += fmt::format(" {}:{}", place.devid, place.offset);
    }
    text += report.places.empty() ? " nowhere\n" : "\n";
    text += report.extent ? extent_text(*report.extent) : "";
    text += report.block ? block_text(*report.block) : "";
    for (const auto& subvolume : report.subvolumes) {
        text += fmt::format("Subvolume: {} {}\n", subvolume.tree, printable(subvolume.path));
    }
    return text + files_text(report);
}

std::string address_paths(const resolve::AddressReport& report) {
    std::set<std::string> paths;
    for (const auto& file : report.files) {
        if (!file.path.empty()) {
            paths.insert(full_path(file.subvolume, file.path));
        }
    }
    for (const auto& subvolume : report.subvolumes) {
        paths.insert(subvolume.path);
    }
    std::string text;
    for (const auto& path : paths) {
        text += printable(path) + "\n";
    }
    return text;
}

std::string place_text(const resolve::PlaceReport& report) {
    std::string text = fmt::format("Place: device {}, {}", report.place.devid, report.place.offset);
    if (report.super_mirror) {
        text += fmt::format(", superblock mirror {}", *report.super_mirror);
    }
    if (report.device_bytes != 0 && report.place.offset >= report.device_bytes) {
        text += ", behind the end of the device";
    }
    if (report.is_free) {
        text += ", in no chunk";
    } else if (!report.address) {
        text += ", in a chunk, but data is nowhere there";
    } else if (report.content.part != StripeContent::Part::data) {
        text += fmt::format(", parity {} of the row that begins with",
                            report.content.part == StripeContent::Part::p ? "P" : "Q");
    } else {
        text += fmt::format(", copy {}", report.content.mirror);
    }
    return text + "\n" + (report.address ? address_text(*report.address) : "");
}

std::string why_not_all(const resolve::AddressReport& report) {
    if (report.has_all) {
        return {};
    }
    return report.use == resolve::Use::block && !report.block
               ? fmt::format("no copy of the tree block at {} can be read", report.at.bytenr)
               : fmt::format(
                     "not all trees can be read as a whole, or there is too much: who has {} is not told in full",
                     report.at.bytenr);
}

} // namespace btrkit::apps
