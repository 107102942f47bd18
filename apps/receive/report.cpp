// SPDX-License-Identifier: MIT
#include "apps/receive/report.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::string line_of(const receive::ReceivedSubvolume& subvolume, const std::string& directory) {
    const auto from = subvolume.parent_id ? fmt::format(", on subvolume {}", *subvolume.parent_id) : "";
    const auto shared = subvolume.cloned_bytes > 0 ? fmt::format(", {} shared", size_text(subvolume.cloned_bytes)) : "";
    return fmt::format("{}{}{}: subvolume {}{}: {}, {} of data{}{}\n", printable(directory),
                       directory.ends_with('/') ? "" : "/", printable(subvolume.name), subvolume.id, from,
                       plural(subvolume.commands, "command"), size_text(subvolume.data_bytes), shared,
                       subvolume.is_whole ? "" : "; NOT whole, writable");
}

Json json_of(const receive::ReceivedSubvolume& subvolume) {
    Json object;
    set_text(object, "name", subvolume.name);
    object["tree"] = subvolume.id;
    object["uuid"] = uuid_json(subvolume.uuid);
    object["received_uuid"] = uuid_json(subvolume.origin.uuid);
    object["ctransid"] = subvolume.origin.ctransid;
    object["parent_tree"] = subvolume.parent_id ? Json(*subvolume.parent_id) : Json();
    object["is_whole"] = subvolume.is_whole;
    object["commands"] = subvolume.commands;
    object["data_bytes"] = subvolume.data_bytes;
    object["cloned_bytes"] = subvolume.cloned_bytes;
    return object;
}

} // namespace

std::string report_text(const receive::Report& report, const std::string& directory) {
    std::string text;
    for (const auto& subvolume : report.subvolumes) {
        text += line_of(subvolume, directory);
    }
    return text;
}

void add_report(Json& document, const receive::Report& report) {
    document["subvolumes"] = Json::array();
    for (const auto& subvolume : report.subvolumes) {
        document["subvolumes"].push_back(json_of(subvolume));
    }
}

} // namespace btrkit::apps
