// SPDX-License-Identifier: MIT
#include "apps/send/report_json.h"

#include "apps/common/document.h"
#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"

namespace btrkit::apps {

namespace {

constexpr Document send_document{.tool = "btrkit-send", .name = "send", .version = 2};

template <class T>
Json value_or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

/// As set_text(), but null where there is none.
void set_text_or_null(Json& object, const std::string& name, const std::string& text) {
    if (text.empty()) {
        object[name] = nullptr;
        object[name + "_hex"] = nullptr;
    } else {
        set_text(object, name, text);
    }
}

} // namespace

std::string_view word(send::PathChange change) {
    switch (change) {
    case send::PathChange::created: return "created";
    case send::PathChange::deleted: return "deleted";
    case send::PathChange::renamed: return "renamed";
    case send::PathChange::linked: return "linked";
    case send::PathChange::unlinked: return "unlinked";
    case send::PathChange::contents: return "contents";
    case send::PathChange::attributes: break;
    }
    return "attributes";
}

Json changed_path_json(u64 tree, const send::ChangedPath& path) {
    Json object{{"tree", tree}, {"change", word(path.change)}};
    set_text(object, "path", path.path);
    set_text_or_null(object, "from", path.from);
    object["inode"] = path.inode;
    object["data_bytes"] = path.data_bytes;
    return object;
}

Json sent_subvolume_json(const send::SentSubvolume& subvolume) {
    Json object{{"tree", subvolume.id}};
    set_text_or_null(object, "name", subvolume.name);
    object["uuid"] = uuid_json(subvolume.uuid);
    object["ctransid"] = subvolume.ctransid;
    object["parent_tree"] = value_or_null(subvolume.parent_id);
    object["stream_bytes"] = subvolume.stream_bytes;
    return object;
}

Json skipped_json(const send::Skipped& skipped) {
    Json object;
    set_text_or_null(object, "path", skipped.path);
    object["file_offset"] = value_or_null(skipped.file_offset);
    object["length"] = skipped.file_offset ? Json(skipped.length) : Json();
    set_text(object, "why", skipped.why);
    return object;
}

Json send_json(const SendFlags& flags, const Filesystem& filesystem, const send::Report& report) {
    Json document = begin_document(send_document);
    document["images"] = texts_json("path", flags.images);
    document["parent_images"] = texts_json("path", flags.parent_images);
    document["filesystem"] = filesystem_json(&filesystem.super());
    document["missing_devices"] = missing_devids(filesystem);
    set_text_or_null(document, "file", flags.file.value_or(""));
    document["stream_version"] = flags.send.version;
    document["stream_bytes"] = report.stream_bytes;
    document["sent"] = Json::array();
    for (const auto& subvolume : report.sent) {
        document["sent"].push_back(sent_subvolume_json(subvolume));
    }
    document["skipped_count"] = report.skipped_count;
    document["skipped"] = Json::array();
    for (const auto& skipped : report.skipped) {
        document["skipped"].push_back(skipped_json(skipped));
    }
    return document;
}

} // namespace btrkit::apps
