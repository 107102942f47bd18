// SPDX-License-Identifier: MIT
#include "apps/extract/report.h"

#include "apps/common/document.h"
#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/common/sizes.h"
#include "apps/extract/extract.h"
#include "libfs/base/names.h"
#include "libfs/render/fields_json.h"

#include <fmt/format.h>

namespace btrkit::apps {

std::string extract_text(const extract::Report& report) {
    std::string text = fmt::format("{}, {}, {}, {}, {}", plural(report.file_count, "file"),
                                   fmt::format("{} in data", size_text(report.data_bytes)),
                                   report.directory_count == 1 ? std::string("1 directory")
                                                               : fmt::format("{} directories", report.directory_count),
                                   plural(report.symlink_count, "symlink"), plural(report.link_count, "further name"));
    if (report.special_count > 0) {
        text += fmt::format(", {} devices, fifos and sockets", report.special_count);
    }
    if (report.shared_bytes > 0) {
        text += fmt::format(", {} of the data shared", size_text(report.shared_bytes));
    }
    if (report.subvolume_count > 1) {
        text += fmt::format(", of {}", plural(report.subvolume_count, "subvolume"));
    }
    if (report.kept_count > 0) {
        text += fmt::format("; {} of them were there already", report.kept_count);
    }
    if (report.not_set_count > 0) {
        text += fmt::format("; {} that the target does not take ({})", plural(report.not_set_count, "attribute"),
                            printable(report.first_not_set));
    }
    if (report.trouble_count > 0) {
        text += fmt::format("; {} not as it was", plural(report.trouble_count, "path"));
    }
    return text + "\n";
}

namespace {

Json trouble_json(const extract::Trouble& trouble) {
    Json object;
    set_text(object, "path", trouble.path);
    object["what"] = trouble.what;
    object["left_out"] = trouble.is_left_out;
    object["bad_bytes"] = trouble.bad_byte_count;
    auto& ranges = object["bad_ranges"] = Json::array();
    for (const Range range : trouble.bad_bytes) {
        ranges.push_back({{"offset", range.start}, {"bytes", range.length()}});
    }
    return object;
}

} // namespace

std::string extract_json(const std::vector<std::string>& images, const Filesystem* filesystem,
                         const std::string& target, const extract::Report& report) {
    Json document = begin_document({.tool = extract_tool, .name = "extract"});
    document["images"] = texts_json("path", images);
    document["filesystem"] = filesystem_json(filesystem == nullptr ? nullptr : &filesystem->super());
    document["missing_devices"] = filesystem == nullptr ? Json::array() : Json(missing_devids(*filesystem));
    set_text(document, "target", target);
    document["files"] = report.file_count;
    document["directories"] = report.directory_count;
    document["symlinks"] = report.symlink_count;
    document["specials"] = report.special_count;
    document["links"] = report.link_count;
    document["subvolumes"] = report.subvolume_count;
    document["data_bytes"] = report.data_bytes;
    document["shared_bytes"] = report.shared_bytes;
    document["kept"] = report.kept_count;
    document["not_set"] = report.not_set_count;
    document["trouble_count"] = report.trouble_count;
    auto& troubles = document["troubles"] = Json::array();
    for (const auto& trouble : report.troubles) {
        troubles.push_back(trouble_json(trouble));
    }
    return json_text(document);
}

} // namespace btrkit::apps
