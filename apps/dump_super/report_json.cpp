// SPDX-License-Identifier: MIT
#include "apps/dump_super/report_json.h"

#include "apps/common/document.h"
#include "libfs/base/checksum.h"
#include "libfs/render/problem_json.h"
#include "libfs/render/superblock_json.h"

namespace btrkit::apps {

namespace {

constexpr Document super_document{.tool = "btrkit-dump-super", .name = "dump-super"};

Json checksum_valid_json(const btrfs::Superblock& super) {
    const auto* type = btrfs::find_csum_type(super.csum_type);
    if (type == nullptr) {
        return {};
    }
    return checksum_matches(type->type, as_bytes_of(super).subspan(super.csum.size()), super.csum);
}

bool stands_at_mirror(const SuperblockCopy& copy) {
    return btrfs::superblock_offsets.at(copy.mirror) == copy.offset;
}

/// What is not the same in this copy as in the newest valid one; null for that one itself, and where there is none.
Json differences_json(const SuperblockCopy& copy, const SuperblockCopy* newest) {
    if (newest == nullptr || newest == &copy) {
        return {};
    }
    Json names = Json::array();
    for (const auto& name : differing_fields(copy.super, newest->super)) {
        const bool differs_always = name == "csum" || name == "bytenr";
        if (!differs_always) {
            names.push_back(name);
        }
    }
    return names;
}

Json copy_json(const SuperblockCopy& copy, const SuperblockCopy* newest, bool force) {
    const auto* csum_type = btrfs::find_csum_type(copy.super.csum_type);
    const bool shown = dump_super::has_magic(copy) || force;
    Json object;
    object["mirror"] = stands_at_mirror(copy) ? Json(copy.mirror) : Json();
    object["offset"] = copy.offset;
    object["valid"] = copy.valid();
    object["magic_valid"] = dump_super::has_magic(copy);
    object["checksum_valid"] = checksum_valid_json(copy.super);
    object["checksum_type"] = csum_type != nullptr ? Json(csum_type->name) : Json();
    object["newest"] = &copy == newest;
    object["differs_in"] = shown ? differences_json(copy, newest) : Json();
    object["findings"] = problems_json(copy.problems);
    object["superblock"] = shown ? superblock_json(copy.super) : Json();
    return object;
}

Json device_json(const dump_super::DeviceReport& device, bool force) {
    Json object;
    set_text(object, "path", device.path);
    object["size"] = device.size_bytes;
    object["mirrors"] = Json::array();
    const auto* newest = newest_valid(device.copies);
    for (const auto& copy : device.copies) {
        object["mirrors"].push_back(copy_json(copy, newest, force));
    }
    object["unreadable"] = problems_json(device.unreadable);
    object["differences"] = problems_json(device.differences);
    return object;
}

} // namespace

Json report_json(const dump_super::Report& report, bool force) {
    Json document = begin_document(super_document);
    document["devices"] = Json::array();
    for (const auto& device : report.devices) {
        document["devices"].push_back(device_json(device, force));
    }
    return document;
}

} // namespace btrkit::apps
