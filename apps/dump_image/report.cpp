// SPDX-License-Identifier: MIT
#include "apps/dump_image/report.h"

#include "apps/common/document.h"
#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/common/sizes.h"
#include "apps/dump_image/dump_image.h"
#include "libfs/base/names.h"
#include "libfs/render/fields_json.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

using dump_image::Privacy;

std::string_view word(Privacy privacy) {
    switch (privacy) {
    case Privacy::contents: return "contents";
    case Privacy::names: return "names";
    case Privacy::nothing: break;
    }
    return "nothing";
}

std::string_view left_out_text(Privacy privacy) {
    switch (privacy) {
    case Privacy::contents: return "file contents left out";
    case Privacy::names: return "file contents left out, names scrambled";
    case Privacy::nothing: break;
    }
    return "blocks byte for byte: small files are in it";
}

std::string_view word(dump_image::BadCopy::What what) {
    using What = dump_image::BadCopy::What;
    switch (what) {
    case What::unreadable: return "unreadable";
    case What::unsound: return "unsound";
    case What::foreign: break;
    }
    return "foreign";
}

Json bad_copies_json(const dump_image::Report& report) {
    Json list = Json::array();
    for (const auto& copy : report.bad_copies) {
        list.push_back({{"logical", copy.address}, {"mirror", copy.mirror}, {"what", word(copy.what)}});
    }
    return list;
}

Json devices_json(const DumpImageFlags& flags, const dump_image::DumpReader& dump) {
    Json list = Json::array();
    for (std::size_t i = 0; i < flags.images.size(); ++i) {
        Json object{{"devid", u64{dump.devices()[i].devid}}, {"size_bytes", u64{dump.devices()[i].size_bytes}}};
        set_text(object, "path", flags.images[i]);
        list.push_back(std::move(object));
    }
    return list;
}

} // namespace

std::string bad_copy_text(const dump_image::BadCopy& copy) {
    using What = dump_image::BadCopy::What;
    const std::string_view what = copy.what == What::unreadable ? "can't be read, and is not in the dump"
                                  : copy.what == What::unsound  ? "is damaged, and is so in the dump"
                                                                : "is no tree block";
    return fmt::format("tree block {}, mirror {}: {}", copy.address, copy.mirror, what);
}

std::string dump_text(const DumpImageFlags& flags, const dump_image::Report& report) {
    std::string text = fmt::format("{}: {}, {} from {} of devices; {}", printable(flags.dump),
                                   plural(report.block_count, "tree block"), size_text(report.file_bytes),
                                   size_text(report.placed_bytes), left_out_text(flags.privacy));
    if (report.bad_copy_count > 0) {
        text += fmt::format("; {} not as they should be",
                            report.bad_copy_count == 1 ? std::string("1 copy of a block is")
                                                       : fmt::format("{} copies of blocks are", report.bad_copy_count));
    }
    if (report.lost_count > 0) {
        text += fmt::format("; {} without any sound copy", plural(report.lost_count, "block"));
    }
    return text + "\n";
}

std::string dump_json(const DumpImageFlags& flags, const Filesystem& filesystem, const dump_image::Report& report) {
    Json document = begin_document({.tool = dump_image_tool, .name = "dump-image"});
    document["images"] = texts_json("path", flags.images);
    document["filesystem"] = filesystem_json(&filesystem.super());
    document["missing_devices"] = missing_devids(filesystem);
    set_text(document, "dump", flags.dump);
    document["left_out"] = word(flags.privacy);
    document["blocks"] = report.block_count;
    document["lost_blocks"] = report.lost_count;
    document["missing_copies"] = report.missing_copy_count;
    document["bad_copy_count"] = report.bad_copy_count;
    document["bad_copies"] = bad_copies_json(report);
    document["cache_bytes"] = report.cache_bytes;
    document["records"] = report.record_count;
    document["placed_bytes"] = report.placed_bytes;
    document["dump_bytes"] = report.file_bytes;
    return json_text(document);
}

std::string restore_text(const DumpImageFlags& flags, const dump_image::DumpReader& dump,
                         const dump_image::RestoreReport& report) {
    std::string text = fmt::format("Filesystem {}, generation {}: {} of metadata\n", uuid_text(dump.start().fsid),
                                   u64{dump.start().generation}, size_text(report.placed_bytes));
    for (std::size_t i = 0; i < flags.images.size(); ++i) {
        text += fmt::format("  device {}, {}: {}\n", u64{dump.devices()[i].devid}, printable(flags.images[i]),
                            size_text(dump.devices()[i].size_bytes));
    }
    return text;
}

std::string restore_json(const DumpImageFlags& flags, const dump_image::DumpReader& dump,
                         const dump_image::RestoreReport& report) {
    Json document = begin_document({.tool = dump_image_tool, .name = "dump-image-restore"});
    set_text(document, "dump", flags.restore);
    document["uuid"] = uuid_text(dump.start().fsid);
    document["generation"] = u64{dump.start().generation};
    document["left_out"] = word(static_cast<Privacy>(u32{dump.start().privacy}));
    document["devices"] = devices_json(flags, dump);
    document["placed_bytes"] = report.placed_bytes;
    return json_text(document);
}

} // namespace btrkit::apps
