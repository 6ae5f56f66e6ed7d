# Much of what can happen to deals, and what those who work here read of it
people: Ann, Bob head

at 2026-03-02 12:00
customer is "Irene Adler" phone +447700900123 email irene@example.com
customer telegram: Hello
see timeline "Deal opened"
see timeline "Bot “First questions” started the conversation"
bot: Hello, Irene!…
bot: What do you need?…
customer telegram: 1
customer telegram: [phone +447700900123]
customer telegram: two
customer telegram: can I talk to a person
see task "Reply to the customer: asks for a manager"
see timeline "Bot “First questions” stopped: the conversation was handed over to a manager"
manager Kate takes
see timeline "Kate took the deal"
manager Kate sets budget="1,500 pounds"
see refused "budget"
manager Kate sets budget="1500.50" ready_on=20.03.2026
see timeline "Kate changed: fields (Budget, Ready on)"
manager Kate tags VIP
manager Kate gives task "Call about the colour" kind call to Oliver due +2h
manager Kate finishes "Call about the colour" with "No answer" because "They were busy"
see timeline "Without speaking to the customer: They were busy"
manager Kate clarifies size
see timeline "Bot “Frame size” started the conversation"
manager Oliver writes "Shall I help?"
see timeline "Bot “Frame size” stopped: Oliver wrote to the customer"
manager Kate moves offer
see timeline "Stage: New → Offer"
+3h
see robot empty
see message "Your bike will be ready on 20 March 2026."
undelivered
+1d
order 4711 placed total 200000 currency EUR
see timeline "Order 4711: placed, 2,000 EUR"
see task "Order 4711 came with a sum in another currency: 2,000 EUR"
order 4711 placed total 150050
payment 4711 "1000.00"
see timeline "Payment for order 4711: 1,000"
payment 4711 "1000.00"
see timeline "More came in than the order costs: 499.50 over"
payment 4711 "-499.50"
see timeline "Refund for order 4711: 499.50"
payment 4711 "-9999.00"
call missed
see task "Missed call. Call the customer back"
call missed
call answered duration 65 direction out
see timeline "Phone call, 65 s"
call missed direction out
see field attempts 1
order 4711 sent tracking RA1
parcel RA1 arrived
see timeline "Parcel RA1: at the pick-up point"
form callback name=Irene phone=+447700900123 comment="Call me"
see timeline "Request from the site form “callback”"
mail "Is it ready?" subject "My bike" from irene@example.com
customer opts out of telegram
see timeline "The customer unsubscribed from messages"
customer opts in to telegram
customer blocks telegram
customer unblocks telegram
manager Kate gives deal to Oliver
manager Oliver releases
see timeline "Oliver changed: nobody is responsible now"
manager Kate starts hello
manager Kate stops bot
fault next send refused
manager Kate writes "Are you there?" by telegram
see task "The message to the customer was not delivered"
+4d
audit
manager Oliver leaves
parcel RA1 refused
see lost refused
see timeline "Deal closed: Refused at the pick-up point"
payment 4711 "10.00"
customer Boris is "Boris Johns0n" phone +447700900456
customer Boris sms: hi there
customer Boris sms: nonsense words
customer Boris sms: more nonsense words
customer Boris sms: still nonsense
+5d
about customer Boris
manager Ann takes
manager Ann moves lost reason silence
customer Zoe is "Zoe" phone +447700900789
about customer Zoe
customer Zoe email: Good morning
form request name=Zoe phone=+447700900789 budget=lots ready_on=never
+3d
call missed +447700900999 not a customer
restart
+2d
audit
