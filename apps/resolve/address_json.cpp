// SPDX-License-Identifier: MIT
#include "apps/resolve/address_report.h"

#include "formats/btrfs/flags.h"

#include <array>

namespace btrkit::apps {

namespace {

Json chunk_json(const Chunk* chunk) {
    if (chunk == nullptr) {
        return {};
    }
    Json object{{"logical", chunk->start.bytenr}, {"length", chunk->length}};
    set_flags(object, "type", chunk->type, btrfs::block_group_flag_names);
    return object;
}

Json extent_json(const std::optional<Extent>& extent) {
    if (!extent) {
        return {};
    }
    return {{"logical", extent->bytenr},
            {"length", extent->length_bytes},
            {"references", extent->refs},
            {"generation", extent->generation}};
}

Json block_json(const std::optional<resolve::BlockContent>& block) {
    if (!block) {
        return {};
    }
    return {{"tree", block->owner},
            {"tree_name", objectid_name_json(block->owner)},
            {"generation", block->generation},
            {"level", block->level},
            {"items", block->item_count},
            {"first_key", block->first_key ? key_json(*block->first_key) : Json()}};
}

Json file_json(const survey::FilePlace& file) {
    Json object{{"tree", file.tree}};
    set_text(object, "subvolume", file.subvolume);
    object["inode"] = file.inode;
    if (file.path.empty()) {
        object["path"] = nullptr;
        object["path_hex"] = nullptr;
    } else {
        set_text(object, "path", file.path);
    }
    object["offset"] = file.file_offset;
    object["length"] = file.length_bytes;
    object["extent"] = file.extent.start;
    object["offset_in_extent"] = file.extent_offset_bytes;
    object["compressed"] = file.compression != 0;
    return object;
}

} // namespace

Json address_json(const resolve::AddressReport& report) {
    constexpr std::array uses = {"free", "data", "block", "unknown"};
    Json object{{"logical", report.at.bytenr}, {"chunk", chunk_json(report.chunk)}};
    auto& places = object["places"] = Json::array();
    for (const auto& place : report.places) {
        places.push_back({{"devid", place.devid}, {"offset", place.offset}});
    }
    object["use"] = report.chunk == nullptr ? Json() : Json(uses[static_cast<std::size_t>(report.use)]);
    object["extent"] = extent_json(report.extent);
    object["block"] = block_json(report.block);
    auto& subvolumes = object["subvolumes"] = Json::array();
    for (const auto& subvolume : report.subvolumes) {
        Json entry{{"tree", subvolume.tree}};
        set_text(entry, "path", subvolume.path);
        subvolumes.push_back(std::move(entry));
    }
    auto& files = object["files"] = Json::array();
    for (const auto& file : report.files) {
        files.push_back(file_json(file));
    }
    object["complete"] = report.has_all;
    return object;
}

Json place_json(const resolve::PlaceReport& report) {
    constexpr std::array parts = {"data", "p", "q"};
    Json object{{"devid", report.place.devid},
                {"offset", report.place.offset},
                {"super_mirror", report.super_mirror ? Json(*report.super_mirror) : Json()},
                {"in_chunk", !report.is_free}};
    object["part"] = report.address ? Json(parts[static_cast<std::size_t>(report.content.part)]) : Json();
    object["mirror"] =
        report.address && report.content.part == StripeContent::Part::data ? Json(report.content.mirror) : Json();
    return object;
}

} // namespace btrkit::apps
