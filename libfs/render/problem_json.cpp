// SPDX-License-Identifier: MIT
#include "libfs/render/problem_json.h"

#include "libfs/base/problem_words.h"

namespace btrkit {

namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

/// Like set_text, but null where there is none.
void set_text_or_null(Json& object, std::string_view name, const std::string& text) {
    set_text(object, name, text);
    if (text.empty()) {
        object[std::string(name)] = nullptr;
    }
}

Json place_json(const Place& place) {
    Json object;
    set_text_or_null(object, "device", place.device);
    object["physical"] = or_null(place.physical);
    object["logical"] = place.logical ? Json(place.logical->bytenr) : Json();
    object["mirror"] = or_null(place.mirror);
    object["tree"] = or_null(place.tree);
    object["tree_name"] = place.tree ? objectid_name_json(*place.tree) : Json();
    object["slot"] = or_null(place.slot);
    object["key"] = place.key ? key_json(*place.key) : Json();
    object["inode"] = or_null(place.inode);
    object["length"] = or_null(place.length);
    set_text_or_null(object, "path", place.path);
    return object;
}

} // namespace

Json problem_json(const Problem& problem) {
    const auto& info = problem_info(problem.code);
    Json object;
    object["code"] = info.id;
    object["severity"] = severity_word(info.severity);
    object["meaning"] = info.meaning;
    set_text_or_null(object, "detail", problem.detail);
    object["repair"] = repair_word(info.repair);
    object["place"] = place_json(problem.place);
    return object;
}

Json problems_json(const Problems& problems) {
    Json list = Json::array();
    for (const auto& problem : problems) {
        list.push_back(problem_json(problem));
    }
    return list;
}

} // namespace btrkit
