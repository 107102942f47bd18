// SPDX-License-Identifier: MIT
// Structures as JSON: the emitter (see item_structure.h for what an emitter is) behind --format json.
//
// A value puts its comma behind itself; whatever closes takes the last one back. So no state is kept, and an emitter
// is free to make.
#pragma once

#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/base/objectid_word.h"
#include "libfs/render/exact_number.h"
#include "libfs/render/json_string.h"

#include <bit>

namespace btrkit {

class JsonEmitter {
public:
    explicit JsonEmitter(TextBuffer& out) : out_(out) {}

    void begin_object() { out_.put('{'); }
    void begin_object(std::string_view name) { open(name, '{'); }
    void end_object() { close('}'); }
    void begin_list() { out_.put('['); }
    void begin_list(std::string_view name) { open(name, '['); }
    void end_list() { close(']'); }
    /// Ends the document that the outermost object is.
    void end_line() {
        drop_comma();
        out_.put('\n');
    }

    void number(std::string_view name, std::integral auto value) {
        char* const begin = out_.room_for(name.size() + longest_number + punctuation);
        char* const digits = write_name(begin, name);
        commit_value(begin, std::to_chars(digits, digits + longest_number, value).ptr);
        if (!is_exact_as_double(value)) [[unlikely]] {
            exact(name, value);
        }
    }
    /// A number that people read in octal; JSON has decimal ones only.
    void octal(std::string_view name, u64 value) { number(name, value); }
    void null(std::string_view name) { constant(name, "null"); }
    void boolean(std::string_view name, bool value) { constant(name, value ? "true" : "false"); }

    /// A number that stands for a word; word is empty where the number has no meaning.
    void choice(std::string_view name, u64 raw, std::string_view word) {
        number(name, raw);
        out_.put('"');
        out_.put(name);
        out_.put("_name\":");
        put_word_or_null(word);
    }
    void flags(std::string_view name, u64 raw, btrfs::FlagNames names) {
        number(name, raw);
        out_.put('"');
        out_.put(name);
        out_.put("_names\":[");
        for (const auto& flag : names) {
            if ((raw & flag.bit) != 0) {
                put_word_or_null(flag.name);
            }
        }
        end_list();
        if (const u64 unknown = raw & ~btrfs::known_flags(names); unknown != 0) {
            unknown_bits(name, unknown);
        }
    }
    /// Bytes that mean text to people; where they are not UTF-8, null and NAME_hex.
    void text(std::string_view name, std::string_view bytes) {
        put_name(name);
        if (put_json_string(out_, bytes)) {
            out_.put(',');
            return;
        }
        out_.put("null,\"");
        out_.put(name);
        out_.put("_hex\":");
        hex_element(std::as_bytes(std::span(bytes)));
    }
    void hex(std::string_view name, Bytes bytes) {
        put_name(name);
        hex_element(bytes);
    }
    void uuid(std::string_view name, const btrfs::Uuid& uuid) {
        if (uuid.is_null()) {
            null(name);
            return;
        }
        put_name(name);
        out_.put('"');
        put_uuid(out_, uuid);
        out_.put("\",");
    }
    void time(std::string_view name, const btrfs::Timespec& time) {
        begin_object(name);
        number("sec", static_cast<std::int64_t>(u64{time.sec}));
        number("nsec", u32{time.nsec});
        end_object();
    }
    void key(std::string_view name, const btrfs::Key& key) {
        begin_object(name);
        number("objectid", key.objectid);
        if (const auto word = objectid_word(key.objectid, key.type); !word.empty()) {
            put_name("objectid_name");
            put_word_or_null(word);
        }
        const auto* info = btrfs::key_type_info(key);
        choice("type", key.type, info != nullptr ? info->name : std::string_view{});
        number("offset", key.offset);
        end_object();
    }
    /// The id of a tree, and its name for those that have one.
    void tree(std::string_view name, u64 id) { choice(name, id, btrfs::objectid_name(id)); }

    void element(std::integral auto value) {
        char* const begin = out_.room_for(longest_number + 1);
        commit_value(begin, std::to_chars(begin, begin + longest_number, value).ptr);
    }
    void hex_element(Bytes bytes) {
        out_.put('"');
        out_.hex_bytes(bytes);
        out_.put("\",");
    }

private:
    static constexpr std::size_t longest_number = 20;
    static constexpr std::size_t punctuation = 4; // two quotes, a colon, a comma or bracket

    static char* write_name(char* at, std::string_view name) {
        *at++ = '"';
        std::memcpy(at, name.data(), name.size());
        at += name.size();
        *at++ = '"';
        *at++ = ':';
        return at;
    }
    /// Ends the value that was written from begin to end with a comma, for which there must be room.
    void commit_value(const char* begin, char* end) {
        *end++ = ',';
        out_.commit(static_cast<std::size_t>(end - begin));
    }
    /// The digits of a number that readers may have rounded.
    [[gnu::noinline, gnu::cold]] void exact(std::string_view name, std::integral auto value) {
        out_.put('"');
        out_.put(name);
        out_.put(exact_suffix);
        out_.put("\":\"");
        out_.dec(value);
        out_.put("\",");
    }
    /// By number, those of flags that have no name.
    [[gnu::noinline, gnu::cold]] void unknown_bits(std::string_view name, u64 bits) {
        out_.put('"');
        out_.put(name);
        out_.put("_unknown_bits\":[");
        for (; bits != 0; bits &= bits - 1) {
            element(std::countr_zero(bits));
        }
        end_list();
    }
    void put_name(std::string_view name) {
        char* const begin = out_.room_for(name.size() + punctuation);
        out_.commit(static_cast<std::size_t>(write_name(begin, name) - begin));
    }
    void open(std::string_view name, char bracket) {
        char* const begin = out_.room_for(name.size() + punctuation);
        char* const end = write_name(begin, name);
        *end = bracket;
        out_.commit(static_cast<std::size_t>(end + 1 - begin));
    }
    void drop_comma() {
        if (out_.view().back() == ',') {
            out_.truncate(out_.size() - 1);
        }
    }
    void close(char bracket) {
        drop_comma();
        char* const at = out_.room_for(2);
        at[0] = bracket;
        at[1] = ',';
        out_.commit(2);
    }
    void constant(std::string_view name, std::string_view value) {
        put_name(name);
        out_.put(value);
        out_.put(',');
    }
    /// A word of formats/, which needs no escapes.
    void put_word_or_null(std::string_view word) {
        if (word.empty()) {
            out_.put("null,");
            return;
        }
        out_.put('"');
        put_lower(out_, word);
        out_.put("\",");
    }

    TextBuffer& out_;
};

} // namespace btrkit
