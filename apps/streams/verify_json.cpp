// SPDX-License-Identifier: MIT
#include "apps/common/document.h"
#include "apps/streams/verify_report.h"

namespace btrkit::apps {

namespace {

constexpr Document verify_document{.tool = "btrkit-stream", .name = "stream-verify"};

std::string_view word(verify_stream::FaultKind kind) {
    switch (kind) {
    case verify_stream::FaultKind::unreadable: return "unreadable";
    case verify_stream::FaultKind::order: return "order";
    case verify_stream::FaultKind::path: return "path";
    case verify_stream::FaultKind::missing_parent: return "missing-parent";
    case verify_stream::FaultKind::damaged: break;
    }
    return "damaged";
}

Json parent_json(const verify_stream::Report& report, const verify_stream::Subvolume& subvolume) {
    if (!subvolume.parent) {
        return {};
    }
    Json object{{"uuid", uuid_json(subvolume.parent->uuid)}, {"ctransid", subvolume.parent->ctransid}};
    if (subvolume.parent_input) {
        set_text(object, "path", report.inputs[*subvolume.parent_input].name);
    } else {
        object["path"] = nullptr;
        object["path_hex"] = nullptr;
    }
    return object;
}

Json subvolume_json(const verify_stream::Report& report, const verify_stream::Subvolume& subvolume) {
    Json object;
    set_text(object, "name", subvolume.name);
    object["uuid"] = uuid_json(subvolume.origin.uuid);
    object["ctransid"] = subvolume.origin.ctransid;
    object["parent"] = parent_json(report, subvolume);
    object["stream_offset"] = subvolume.offset;
    object["commands"] = subvolume.commands;
    object["data_bytes"] = subvolume.data_bytes;
    return object;
}

Json input_json(const verify_stream::Report& report, const verify_stream::InputReport& input) {
    Json object;
    set_text(object, "path", input.name);
    object["sound"] = input.is_sound();
    object["stream_versions"] = input.stream_versions;
    object["stream_bytes"] = input.bytes;
    object["commands"] = input.commands;
    object["subvolumes"] = Json::array();
    for (const auto& subvolume : input.subvolumes) {
        object["subvolumes"].push_back(subvolume_json(report, subvolume));
    }
    object["fault_count"] = input.fault_count;
    object["faults"] = Json::array();
    for (const auto& fault : input.faults) {
        Json entry{{"kind", word(fault.kind)}, {"stream_offset", fault.offset}};
        set_text(entry, "message", fault.text);
        object["faults"].push_back(std::move(entry));
    }
    return object;
}

} // namespace

Json verify_json(const verify_stream::Report& report) {
    Json document = begin_document(verify_document);
    document["sound"] = report.is_sound();
    document["files"] = Json::array();
    for (const auto& input : report.inputs) {
        document["files"].push_back(input_json(report, input));
    }
    return document;
}

} // namespace btrkit::apps
