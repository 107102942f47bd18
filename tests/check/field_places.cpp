// SPDX-License-Identifier: MIT
#include "tests/check/field_places.h"

#include <string_view>

namespace btrkit::test {

namespace {

/// Long bodies (inline data, checksums) are looked at only so far; what follows is one field.
constexpr std::size_t most_probed_bytes = 768;

/// An emitter (see item_structure.h) that remembers all values.
class FieldRecorder {
public:
    struct Value {
        std::string name;
        std::string place; ///< name with the numbers of list elements
        std::string text;

        bool operator==(const Value&) const = default;
    };

    const std::vector<Value>& values() const { return values_; }

    void begin_object() { enter(""); }
    void begin_object(std::string_view name) { enter(name); }
    void end_object() { path_.pop_back(); }
    void begin_list() { enter(""); }
    void begin_list(std::string_view name) { enter(name); }
    void end_list() { path_.pop_back(); }

    void number(std::string_view name, auto value) { add(name, std::to_string(value)); }
    void octal(std::string_view name, u64 value) { add(name, std::to_string(value)); }
    void null(std::string_view name) { add(name, "-"); }
    void boolean(std::string_view name, bool value) { add(name, value ? "true" : "false"); }
    void choice(std::string_view name, u64 raw, std::string_view) { add(name, std::to_string(raw)); }
    void flags(std::string_view name, u64 raw, btrfs::FlagNames) { add(name, std::to_string(raw)); }
    void text(std::string_view name, std::string_view bytes) { add(name, std::string(bytes)); }
    void hex(std::string_view name, Bytes bytes) { add(name, std::string(as_text(bytes))); }
    void uuid(std::string_view name, const btrfs::Uuid& uuid) { hex(name, as_bytes_of(uuid)); }
    void time(std::string_view name, const btrfs::Timespec& time) {
        add(std::string(name) + ".sec", std::to_string(u64{time.sec}));
        add(std::string(name) + ".nsec", std::to_string(u32{time.nsec}));
    }
    void key(std::string_view name, const btrfs::Key& key) {
        add(std::string(name) + ".objectid", std::to_string(key.objectid));
        add(std::string(name) + ".type", std::to_string(key.type));
        add(std::string(name) + ".offset", std::to_string(key.offset));
    }
    void element(auto value) { add("", std::to_string(value)); }
    void hex_element(Bytes bytes) { hex("", bytes); }

private:
    struct Step {
        std::string name;
        unsigned elements = 0;
    };

    void enter(std::string_view name) {
        if (!path_.empty()) {
            ++path_.back().elements;
        }
        path_.push_back({std::string(name)});
    }
    void add(std::string_view name, std::string text) {
        Value value{.name = {}, .place = {}, .text = std::move(text)};
        for (const auto& step : path_) {
            if (!step.name.empty()) {
                value.name += step.name + ".";
            }
            value.place += step.name + "[" + std::to_string(step.elements) + "]";
        }
        value.name += name;
        if (value.name.ends_with('.')) {
            value.name.pop_back();
        }
        value.place += name;
        if (!path_.empty() && name.empty()) {
            ++path_.back().elements;
        }
        values_.push_back(std::move(value));
    }

    std::vector<Step> path_;
    std::vector<Value> values_;
};

std::vector<FieldRecorder::Value> describe_values(const btrfs::Key& key, Bytes body, const Geometry& geometry) {
    const RenderContext context{.geometry = geometry, .csum_items = true};
    FieldRecorder recorder;
    structure::describe_body(recorder, structure::ItemBody{key, body, context});
    return recorder.values();
}

/// The first value that differs, or that one of them alone has (spare space is told only where something is in it);
/// null where none does.
const FieldRecorder::Value* first_difference(const std::vector<FieldRecorder::Value>& before,
                                             const std::vector<FieldRecorder::Value>& after) {
    const auto [left, right] = std::ranges::mismatch(before, after);
    if (right != after.end()) {
        return &*right;
    }
    return left != before.end() ? &*left : nullptr;
}

} // namespace

std::vector<FieldPlace> fields_of_item(const btrfs::Key& key, Bytes body, const Geometry& geometry) {
    std::vector<std::byte> changed(body.begin(), body.end());
    const auto before = describe_values(key, body, geometry);
    std::vector<FieldPlace> places;
    std::string last;
    const std::size_t probed = std::min(body.size(), most_probed_bytes);
    for (std::size_t i = 0; i < probed; ++i) {
        changed[i] ^= std::byte{0xff};
        const auto after = describe_values(key, changed, geometry);
        changed[i] ^= std::byte{0xff};
        const auto* found = first_difference(before, after);
        const std::string place = found != nullptr ? found->place : "data";
        if (places.empty() || place != last) {
            places.push_back({found != nullptr ? found->name : "data", i, 0});
        }
        ++places.back().size;
        last = place;
    }
    if (probed < body.size()) {
        places.push_back({"data", probed, body.size() - probed});
    }
    return places;
}

} // namespace btrkit::test
