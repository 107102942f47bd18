// SPDX-License-Identifier: MIT
#include "apps/common/document.h"
#include "apps/common/finding_json.h"
#include "apps/undo/outcome.h"
#include "libfs/base/names.h"

#include <cstring>

namespace btrkit::apps {

namespace {

constexpr Document undo_document{.tool = "btrkit-undo", .name = "undo", .version = 2};

std::string_view word(undo::SuperblockState state) {
    switch (state) {
    case undo::SuperblockState::changed: return "changed";
    case undo::SuperblockState::unchanged: return "unchanged";
    case undo::SuperblockState::torn: break;
    }
    return "torn";
}

/// Of the filesystem as it was; null where the undo file does not tell.
Json old_filesystem_json(const UndoReader& file) {
    for (const auto& saved : file.superblocks()) {
        if (saved.offset == btrfs::superblock_offsets.front()) {
            btrfs::Superblock super;
            std::memcpy(&super, saved.before.data(), sizeof(super));
            return filesystem_json(&super);
        }
    }
    return {};
}

Json counts_json(const undo::DeviceReport& counts) {
    return {{"restored_bytes", counts.restored_bytes},
            {"superblocks", counts.superblocks},
            {"cleared_blocks", counts.cleared_blocks}};
}

Json devices_json(const undo::Report& report) {
    Json list = Json::array();
    for (const auto& device : report.devices) {
        Json object{{"devid", device.devid}};
        set_text(object, "path", device.name);
        object["found"] = word(device.found);
        object.update(counts_json(device));
        list.push_back(std::move(object));
    }
    return list;
}

} // namespace

Json undo_json(const UndoOutcome& outcome) {
    const auto& identity = outcome.file.identity();
    Json document = begin_document(undo_document);
    set_text(document, "undo_file", outcome.undo_file);
    document["images"] = texts_json("path", outcome.images);
    document["filesystem"] = old_filesystem_json(outcome.file);
    document["old_generation"] = identity ? Json(identity->old_generation) : Json();
    document["new_generation"] = identity ? Json(identity->new_generation) : Json();
    document["released"] = outcome.was_released();
    document["dry_run"] = outcome.dry_run;
    document["was_done"] = outcome.was_released() ? Json() : Json(outcome.report->was_done());
    document["totals"] = outcome.was_released() ? Json() : counts_json(outcome.report->totals());
    document["devices"] = outcome.was_released() ? Json::array() : devices_json(*outcome.report);
    return document;
}

} // namespace btrkit::apps
